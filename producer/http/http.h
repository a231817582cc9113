/* SPDX-License-Identifier: MIT */
/* Requests in flight: GET over a few kept-alive connections, through libcurl's multi interface.
 * Only http.c and transfer.c know libcurl. Single-threaded; nothing is called back, answers are
 * taken when the caller wants them.
 *
 * Conventions, asserted by tests: certificate and host name verified, TLS 1.2 or newer, https only
 * (http only where the base URL's host is loopback); redirects not followed; no proxy but a
 * configured one, whatever the environment says; no .netrc, no cookies, no Origin header (the
 * exchange gives requests that carry one a tenth of a request a second); HTTP/2 over TLS where
 * offered; a request is sent once (libcurl's own repeat on a dead connection is broken off); a name
 * look-up that is given up is waited for by nobody; all addresses of a name are tried; what a name
 * stands for is asked again with a connection that is made 10 s later, and a connection lasts for
 * 10 min. Bounds: connect 5 s, answer 15 s (the wait for
 * a connection included), less than 100 bytes/s for 8 s, body 1 MiB (counted after decompression),
 * head 64 KiB and 100 lines. */
#ifndef GAPLESS_HTTP_H
#define GAPLESS_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/text/buf.h"

enum { HTTP_CONNECTIONS = 4 /* at once, to the one host */ };

struct http;

struct http_config {
	const char *base_url; /* "https://api.example.com": scheme and host of every request */
	const char *user_agent;
	const char *proxy;   /* NULL or "": none */
	const char *ca_file; /* trusted in place of the system's; NULL or "": the system's */
	int connect_ms, total_ms, idle_s, dns_s; /* the times above; 0: as said there */
};

struct http_answer {
	void *tag;  /* as given to http_get */
	int status; /* 0: no complete answer, err says why; else the HTTP status, and err is clear
		     */
	struct buf head; /* header lines as received, each with its end: the exchange's head_read
			    takes them */
	struct buf body; /* decompressed */
	int64_t received_boot_ms; /* when the head arrived (clock.h); of a failure: when it failed
				   */
	/* ERR_RETRY: connection, name, timeout, cut-off answer ... ERR_INPUT: the answer breaks a
	 * bound or its encoding. ERR_FATAL: the certificate is not to be trusted; to be shouted
	 * about, and tried again with pauses, never bypassed. */
	struct err err;
	int is_dead_connection; /* no answer, for a kept-alive connection turned out to be closed:
				   says nothing of the exchange, the request may be sent again */
};

/* The strings of the config outlive it. NULL: *err (ERR_FATAL), with the setting that is wrong. */
struct http *http_new(const struct http_config *config, struct err *err)
	__attribute__((warn_unused_result));
/* Cancels what is in flight. NULL is allowed. */
void http_free(struct http *http);

/* Starts a request. The URL must begin with the base URL. More requests than connections wait
 * inside, in order; pacing and the number in flight are the caller's business. -1: *err, nothing
 * was started and no answer will come. */
int http_get(struct http *http, const char *url, void *tag, struct err *err)
	__attribute__((warn_unused_result));

/* Moves the requests on, and waits until an answer can be taken, one of the further descriptors is
 * readable, or timeout_ms have passed (0: does not wait). Returns at once while an answer is
 * waiting to be taken. It may return early with nothing to take. -1: libcurl or poll failed (*err,
 * ERR_FATAL). */
int http_wait(struct http *http, const int *fds, int nfds, int timeout_ms, struct err *err)
	__attribute__((warn_unused_result));

/* 1 and a finished answer, which is the caller's to release; 0 if there is none. In order of
 * completion. */
int http_take(struct http *http, struct http_answer *out) __attribute__((warn_unused_result));
void http_answer_release(struct http_answer *answer);

/* Requests started and not yet taken. */
int http_in_flight(const struct http *http);
/* Drops all of them, finished ones too. Their tags are never seen again: any process that owns what
 * they point to must know. */
void http_cancel_all(struct http *http);

#endif
