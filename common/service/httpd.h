/* SPDX-License-Identifier: MIT */
/* A small HTTP server (libmicrohttpd) for metrics, health and pages: GET and HEAD, a thread for
 * each connection, bounded: at most HTTPD_CONNECTIONS (more wait to be accepted), 16 KiB of request
 * each, 10 s of silence, a reply of at most HTTPD_REPLY_BYTES. Whatever its clients do, the
 * process's other threads notice nothing but the CPU of one answer at a time. */
#ifndef GAPLESS_HTTPD_H
#define GAPLESS_HTTPD_H

#include "common/base/error.h"
#include "common/text/buf.h"

enum {
	HTTPD_CONNECTIONS = 64,
	HTTPD_SLOW_MAX = 16,
	HTTPD_REPLY_BYTES = 32 << 20,
	HTTPD_STOP_S = 2
};

struct httpd;
struct httpd_request;

struct httpd_reply {
	unsigned status; /* 200 unless set */
	const char *content_type;
	const char *policy; /* Content-Security-Policy; nothing may be loaded unless set */
	struct buf body;
};

struct httpd_route {
	const char *path; /* "/metrics"; the table ends with NULL */
	const char *help; /* for the list that "/" shows where no route is "/"; NULL: not listed */
	/* On the connection's thread, a request after the other. What may take long is slow: the
	 * others do not wait for it, at most HTTPD_SLOW_MAX wait, and more are refused (503). */
	void (*answer)(void *opaque, const struct httpd_request *request,
		       struct httpd_reply *reply);
	void *opaque;
	int slow;
};

/* listen: "ADDRESS:PORT", "[IPV6]:PORT" or "PORT" (loopback); port 0 takes a free one. Routes, and
 * what they point to, outlive the server. NULL: *err (ERR_FATAL: not an address; ERR_RETRY:
 * the address is taken or not this machine's). */
struct httpd *httpd_new(const char *listen, const struct httpd_route *routes, struct err *err);
/* Waits for replies that are being made, for a slow one at most HTTPD_STOP_S. 1 if it has ended; 0
 * if a slow one hangs: the server, and what its routes point to, must stay to the process's end. */
int httpd_free(struct httpd *h);
/* "127.0.0.1:9464", as it is. */
const char *httpd_address(const struct httpd *h);
/* 0 if httpd_new would take the address; -1: *err. */
int httpd_check_address(const char *listen, struct err *err) __attribute__((warn_unused_result));

/* Of a request, within a route's answer(): NULL if it is not there. */
const char *httpd_query(const struct httpd_request *request, const char *name);
const char *httpd_header(const struct httpd_request *request, const char *name);

#endif
