/* SPDX-License-Identifier: MIT */
/* Sentences about failures of libpq, on one line and with the fix in words. What pg.c and
 * pg_connect.c share. */
#ifndef GAPLESS_PG_ERROR_H
#define GAPLESS_PG_ERROR_H

#include <libpq-fe.h>

#include "common/base/error.h"

enum { PG_SQLSTATE_BYTES = 6 };

/* A statement failed on a connection that stands. Fills sqlstate and *err, returns -1. *keep
 * gets whether the connection may be used again. */
int pg_error_statement(char sqlstate[PG_SQLSTATE_BYTES], const PGresult *res, int *keep,
		       struct err *err);
/* The connection broke; res (NULL is allowed) may hold the server's last words. ERR_RETRY, whatever
 * they are: the next connection shows whether something needs a person. */
int pg_error_lost(char sqlstate[PG_SQLSTATE_BYTES], const PGconn *conn, const PGresult *res,
		  struct err *err);
/* A connection could not be made. Its verbosity must be PQERRORS_VERBOSE: libpq 15 has no SQLSTATE
 * for this but in that text. */
int pg_error_connect(char sqlstate[PG_SQLSTATE_BYTES], const PGconn *conn, struct err *err);

#endif
