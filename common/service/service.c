/* SPDX-License-Identifier: MIT */
#include "common/service/service.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/service/vitals.h"

enum { ROUTES_MAX = 24 };

struct service {
	struct metric *table; /* the program's rows, then those of vitals.h */
	size_t n;
	struct metrics *metrics;
	struct httpd_route routes[ROUTES_MAX + 1];
	struct httpd *httpd;
	_Atomic int64_t beat_boot_ms; /* 0: the loop has not begun */
	int64_t kept_alive_boot_ms;   /* 0: nobody counts on it yet */
	_Atomic(const char *) not_ready;
};

static void metrics_answer(void *opaque, const struct httpd_request *request,
			   struct httpd_reply *reply)
{
	const struct service *s = opaque;
	enum metrics_format format = metrics_format_of(httpd_header(request, "Accept"));

	vitals_update(s->metrics, s->n);
	reply->content_type = metrics_content_type(format);
	if (metrics_expose(s->metrics, format, clock_wall_ms(), &reply->body) != 0)
		reply->status = 500;
}

static void say(struct httpd_reply *reply, const char *trouble)
{
	reply->status = trouble != NULL ? 503 : 200;
	if (buf_printf(&reply->body, "%s\n", trouble != NULL ? trouble : "ok") != 0)
		reply->status = 500;
}

static void livez_answer(void *opaque, const struct httpd_request *request,
			 struct httpd_reply *reply)
{
	struct service *s = opaque;
	int64_t beat = atomic_load(&s->beat_boot_ms);
	int dead = beat != 0 && clock_boot_ms() - beat > SERVICE_DEAD_MS;

	(void)request;
	say(reply, dead ? "the loop has not turned for a minute" : NULL);
}

static void readyz_answer(void *opaque, const struct httpd_request *request,
			  struct httpd_reply *reply)
{
	struct service *s = opaque;

	(void)request;
	say(reply, atomic_load(&s->not_ready));
}

static int is_off(const char *listen)
{
	return *listen == '\0' || strcmp(listen, "off") == 0;
}

int service_check(const char *listen, struct err *err)
{
	struct err why;

	if (is_off(listen) || httpd_check_address(listen, &why) == 0)
		return 0;
	return err_set(err, ERR_FATAL, "--http: %s", why.text);
}

struct service *service_new(const struct service_settings *settings)
{
	struct service *s = xcalloc(1, sizeof(*s));
	const struct httpd_route own[] = {
		{.path = "/metrics",
		 .help = "numbers, for Prometheus",
		 .answer = metrics_answer,
		 .opaque = s},
		{.path = "/livez",
		 .help = "does the program turn?",
		 .answer = livez_answer,
		 .opaque = s},
		{.path = "/readyz",
		 .help = "does it do its work?",
		 .answer = readyz_answer,
		 .opaque = s},
	};
	size_t n = sizeof(own) / sizeof(*own);
	struct err err;

	s->n = settings->n;
	s->table = xreallocarray(NULL, s->n + VITALS, sizeof(*s->table));
	memcpy(s->table, settings->table, s->n * sizeof(*s->table));
	memcpy(s->table + s->n, vitals_table, sizeof(vitals_table));
	s->metrics = metrics_new(s->table, s->n + VITALS);
	atomic_store(&s->not_ready, "starting");
	memcpy(s->routes, own, sizeof(own));
	for (const struct httpd_route *r = settings->routes; r != NULL && r->path != NULL; r++)
		if (n < ROUTES_MAX)
			s->routes[n++] = *r;
	if (is_off(settings->listen))
		return s;
	s->httpd = httpd_new(settings->listen, s->routes, &err);
	if (s->httpd == NULL)
		log_warn("metrics and health are not served; set --http to a free address, or to "
			 "off",
			 L_STR("error", err.text));
	else
		log_info("metrics and health are served", L_STR("address", service_address(s)));
	return s;
}

int service_free(struct service *s)
{
	if (s == NULL)
		return 1;
	if (!httpd_free(s->httpd))
		return 0;
	metrics_free(s->metrics);
	free(s->table);
	free(s);
	return 1;
}

struct metrics *service_metrics(const struct service *s)
{
	return s != NULL ? s->metrics : NULL;
}

const char *service_address(const struct service *s)
{
	return s->httpd != NULL ? httpd_address(s->httpd) : NULL;
}

void service_beat(struct service *s, int64_t boot_ms)
{
	char state[64];

	if (s == NULL)
		return;
	atomic_store(&s->beat_boot_ms, boot_ms);
	if (s->kept_alive_boot_ms != 0 && boot_ms - s->kept_alive_boot_ms < SERVICE_KEEPALIVE_MS)
		return;
	snprintf(state, sizeof(state), "WATCHDOG_USEC=%d000", SERVICE_DEAD_MS);
	notify_send(s->kept_alive_boot_ms == 0 ? state : "WATCHDOG=1");
	s->kept_alive_boot_ms = boot_ms;
}

void service_ready(struct service *s, const char *why)
{
	char state[128];

	if (s == NULL || atomic_exchange(&s->not_ready, why) == why)
		return;
	snprintf(state, sizeof(state), "STATUS=%s", why != NULL ? why : "working");
	notify_send(state);
}
