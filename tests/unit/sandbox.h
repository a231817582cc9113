/* SPDX-License-Identifier: MIT */
/* The sandbox exchange as a child process, and requests to it. Include after cmocka.h. */
#ifndef GAPLESS_TEST_SANDBOX_H
#define GAPLESS_TEST_SANDBOX_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "exchange_process.h"
#include "producer/exclock.h"
#include "producer/http/http.h"

static struct sandbox {
	struct exchange_process exchange;
	struct http *http;
	struct exclock clock;
} sandbox;

static inline int set_up(void **state)
{
	char *argv[] = {"gapless-exchange", "--port", "0", "--markets", "20", NULL};
	struct err err;

	(void)state;
	exchange_start(&sandbox.exchange, argv);
	if (!sandbox.exchange.pid)
		return 0;
	sandbox.http = http_new(&(struct http_config){.base_url = sandbox.exchange.base,
						      .user_agent = "gapless-test"},
				&err);
	assert_non_null(sandbox.http);
	exclock_init(&sandbox.clock);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_free(sandbox.http);
	exchange_stop(&sandbox.exchange);
	return 0;
}

static inline void ask_url(const char *url, struct http_answer *answer)
{
	int64_t deadline_ms = clock_boot_ms() + 20000;
	struct err err;

	assert_int_equal(http_get(sandbox.http, url, NULL, &err), 0);
	while (!http_take(sandbox.http, answer)) {
		assert_true(clock_boot_ms() < deadline_ms);
		assert_int_equal(http_wait(sandbox.http, NULL, 0, 500, &err), 0);
	}
}

/* Tells the exchange something; what it says is in *answer, or released where that is NULL. */
static inline void control(const char *what, struct http_answer *answer)
{
	char url[256];
	struct http_answer own;

	snprintf(url, sizeof(url), "%s/control/%s", sandbox.exchange.base, what);
	ask_url(url, &own);
	if (own.status != 200)
		fail_msg("%s: %d %s", url, own.status,
			 own.body.data ? own.body.data : own.err.text);
	if (answer)
		*answer = own;
	else
		http_answer_release(&own);
}

/* The number behind "name": in an answer of the control plane. */
static inline int64_t said(const struct http_answer *answer, const char *name)
{
	const char *at = strstr(answer->body.data, name);

	assert_non_null(at);
	return strtoll(at + strlen(name), NULL, 10);
}

#endif
