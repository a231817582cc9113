/* SPDX-License-Identifier: MIT */
/* What a running program shows of itself: /metrics, /livez, /readyz, and routes of its own.
 *
 * /livez fails only when the program's loop has not turned for a minute: it never depends on
 * anything remote, or an outage of Kafka would restart everything that waits for it. /readyz says
 * whether the program does its work now, and if not, why. /metrics has the program's own table and
 * what every process shows (vitals.h). */
#ifndef GAPLESS_SERVICE_H
#define GAPLESS_SERVICE_H

#include "common/service/httpd.h"
#include "common/service/metrics.h"

struct service;

enum { SERVICE_DEAD_MS = 60000, SERVICE_KEEPALIVE_MS = 15000 };

struct service_settings {
	const char *listen; /* as httpd_new(); "" or "off": nothing is served, numbers are kept */
	const struct metric *table;
	size_t n;
	const struct httpd_route *routes; /* the program's own; ends with a NULL path; NULL: none */
};

/* 0, or -1 (*err, a sentence about --http) if `listen` is not an address, "" or "off". */
int service_check(const char *listen, struct err *err) __attribute__((warn_unused_result));
/* Never fails: an address that is taken is said in the log (another program of this machine may
 * have it), and the work goes on without. */
struct service *service_new(const struct service_settings *settings);
/* 1; 0 if a slow route hangs (httpd_free()): what routes point to must then stay. */
int service_free(struct service *s);

struct metrics *service_metrics(const struct service *s);
/* Where it listens; NULL: nowhere. */
const char *service_address(const struct service *s);
/* The loop has turned. From the first turn on the service manager ends a program whose loop has not
 * turned for SERVICE_DEAD_MS, as /livez says of it; it hears of a turn each SERVICE_KEEPALIVE_MS.
 * One thread. */
void service_beat(struct service *s, int64_t boot_ms);
/* why: a constant that outlives the service ("waiting for the database"); NULL: ready. Also the
 * status that the service manager shows. */
void service_ready(struct service *s, const char *why);

#endif
