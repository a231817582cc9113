/* SPDX-License-Identifier: MIT */
/* A requester and the scripted server that it asks. Include after cmocka.h. */
#ifndef GAPLESS_TEST_HTTP_FIXTURE_H
#define GAPLESS_TEST_HTTP_FIXTURE_H

#include "common/base/clock.h"
#include "producer/http/http.h"
#include "scripted.h"

struct fixture {
	struct scripted *server;
	struct http *http;
	char base[64];
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err;

	assert_non_null(f);
	f->server = scripted_start();
	snprintf(f->base, sizeof(f->base), "http://127.0.0.1:%d", f->server->port);
	f->http = http_new(&(struct http_config){.base_url = f->base,
						 .user_agent = "gapless-test",
						 .connect_ms = 1000,
						 .total_ms = 3000,
						 .idle_s = 1},
			   &err);
	assert_non_null(f->http);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	scripted_stop(f->server);
	free(f);
	return 0;
}

static inline void start(struct fixture *f, const char *path, void *tag)
{
	char url[256];
	struct err err;

	snprintf(url, sizeof(url), "%s%s", f->base, path);
	if (http_get(f->http, url, tag, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void await(struct fixture *f, struct http_answer *answer)
{
	int64_t deadline_ms = clock_boot_ms() + 10000;
	struct err err;

	while (!http_take(f->http, answer)) {
		assert_true(clock_boot_ms() < deadline_ms);
		if (http_wait(f->http, NULL, 0, 500, &err) < 0)
			fail_msg("%s", err.text);
	}
}

static inline void get(struct fixture *f, const char *path, struct http_answer *answer)
{
	start(f, path, answer);
	await(f, answer);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
