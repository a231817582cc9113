/* SPDX-License-Identifier: MIT */
/* One HTTP request on its way through the server: for server.c and the files that it is split into.
 */
#ifndef EXCHANGE_REQUEST_H
#define EXCHANGE_REQUEST_H

#include "api.h"

#include <microhttpd.h>

struct server;

enum stage {
	STAGE_NEW,     /* its first line has come */
	STAGE_READ,    /* its headers too */
	STAGE_DELAYED, /* it waits, and is answered then */
	STAGE_HELD,    /* it was answered, and waits */
	STAGE_HUNG,    /* it is not answered at all */
	STAGE_QUEUED,
};

struct request {
	struct server *server;
	struct MHD_Connection *connection;
	enum stage stage;
	bool aborted; /* its connection is to be closed */
	char *uri;
	int64_t arrived_us;
	struct api_call call;
	struct answer answer;
	int64_t due_ms; /* while it waits */
	bool waiting;
	struct request *next_waiting;
};

struct exchange *request_exchange(const struct request *r);
/* The parameters of its query. */
struct query request_query(struct request *r);
/* Suspends the connection until due_ms (monotonic). */
void request_wait(struct request *r, int64_t due_ms);
/* Sends r->answer; the answer is given away. */
enum MHD_Result request_reply(struct request *r);
/* Answers a request of /control. */
enum MHD_Result request_control(struct request *r, const char *path);
/* A connection that the client sees as reset: the kernel sends RST. */
void connection_reset(struct MHD_Connection *connection);
void request_log(const struct request *r, unsigned status, size_t rows);

#endif
