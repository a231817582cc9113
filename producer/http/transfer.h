/* SPDX-License-Identifier: MIT */
/* One request at libcurl: an easy handle with our conventions (http.h), and what comes of it. The
 * handle is kept for the next request. */
#ifndef GAPLESS_TRANSFER_H
#define GAPLESS_TRANSFER_H

#include <curl/curl.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/base/error.h"
#include "common/text/buf.h"

enum { HTTP_BODY_MAX_BYTES = 1 << 20, HTTP_HEAD_MAX_BYTES = 64 << 10, HTTP_HEAD_MAX_LINES = 100 };

/* The settings of every handle. Not owned. */
struct transfer_settings {
	const char *protocols;                    /* "https", or "http" */
	const char *user_agent, *proxy, *ca_file; /* "": none */
	const struct curl_slist *headers;
	int connect_ms, total_ms, idle_s, dns_s;
};

/* Why we broke an answer off. */
enum transfer_bound { BOUND_NONE, BOUND_HEAD, BOUND_BODY };

struct transfer {
	CURL *easy;
	TAILQ_ENTRY(transfer) link; /* for http.c's lists */
	void *tag;
	struct buf head, body;
	int head_lines;
	int body_began;
	int sent; /* times that the request went out, or was about to */
	int64_t head_boot_ms;
	enum transfer_bound bound;
	char reason[CURL_ERROR_SIZE];
	/* once it is finished: */
	CURLcode result;
	int status;
	int64_t finished_boot_ms;
};

/* NULL: *err (ERR_FATAL). */
struct transfer *transfer_new(const struct transfer_settings *settings, struct err *err)
	__attribute__((warn_unused_result));
void transfer_free(struct transfer *t);
/* Makes it ready for a request. libcurl copies the URL. */
CURLcode transfer_begin(struct transfer *t, const char *url, void *tag)
	__attribute__((warn_unused_result));
/* 1 if it failed because a connection that was used again turned out to be dead. */
int transfer_met_dead_connection(const struct transfer *t);
/* What went wrong with one that has no complete answer: class and sentence as http_answer has them.
 */
void transfer_describe(const struct transfer *t, struct err *err);

#endif
