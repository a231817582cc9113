/* SPDX-License-Identifier: MIT */
/* Making a connection: pg_open is pg_connect and then the session's settings. */
#ifndef GAPLESS_PG_CONNECT_H
#define GAPLESS_PG_CONNECT_H

#include <libpq-fe.h>
#include <stdint.h>

#include "common/pg/pg_error.h"

/* Waits until the connection's socket is ready for `events` of poll(2), or the clock shows
 * until_ms. 1 ready (errors count: the next call tells), 0 too late, -1 there is no socket. */
int pg_wait(PGconn *conn, short events, int64_t until_ms);

/* The connection, which the caller finishes; NULL with *err as pg_open says, and the SQLSTATE that
 * the server gave for it, or "". */
PGconn *pg_connect(const char *conninfo, const char *application_name,
		   char sqlstate[PG_SQLSTATE_BYTES], struct err *err)
	__attribute__((warn_unused_result));

#endif
