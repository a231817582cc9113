/* SPDX-License-Identifier: MIT */
/* Whether a conninfo could be used at all, before anything waits for it. Asks nobody. */
#ifndef GAPLESS_PG_CONNINFO_H
#define GAPLESS_PG_CONNINFO_H

#include <libpq-fe.h>

#include "common/base/error.h"

/* 0, or -1 (ERR_FATAL) if it does not parse; the sentence never has a password in it. */
int pg_conninfo_parse(const char *conninfo, struct err *err) __attribute__((warn_unused_result));
/* The same with the PG* variables and the service that it names: -1 as well if that service is not
 * there, or if it has a value that libpq refuses at once, or would refuse each time that it
 * connects: a port that is none, lists of different lengths, a number that is none, authorities
 * that cannot be read. */
int pg_conninfo_check(const char *conninfo, struct err *err) __attribute__((warn_unused_result));
/* The value of a keyword that a connection has, which the caller frees; NULL: none. */
char *pg_conninfo_value(PGconn *conn, const char *keyword);

#endif
