/* SPDX-License-Identifier: MIT */
/* Connections: libmicrohttpd run from our own loop, in one thread. A wait (a delay, a drip)
 * suspends its connection, the others go on. */
#ifndef EXCHANGE_SERVER_H
#define EXCHANGE_SERVER_H

#include "exchange.h"

struct server;

/* Listens; port 0 takes any free one. NULL: `error` is one sentence. */
struct server *server_new(struct exchange *ex, const char *bind, uint16_t port, struct text *error);
uint16_t server_port(const struct server *s);
/* Serves until the file descriptor stop_fd is readable. False: the port could not be taken again
 * after a refusal. */
bool server_run(struct server *s, int stop_fd);
void server_free(struct server *s);

#endif
