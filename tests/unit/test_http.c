/* SPDX-License-Identifier: MIT */
/* Requests that are answered: conventions, connections, waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "http_fixture.h"
#include "producer/http/http.h"
#include "scripted.h"

enum { LONG_MS = 10000 }; /* longer than anything takes here, on any machine */

static void a_good_answer(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_boot_ms();
	struct http_answer a;
	int tag;

	assert_int_equal(http_in_flight(f->http), 0);
	start(f, "/ok", &tag);
	assert_int_equal(http_in_flight(f->http), 1);
	await(f, &a);
	assert_int_equal(http_in_flight(f->http), 0);
	assert_ptr_equal(a.tag, &tag);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.err.class, ERR_NONE);
	assert_string_equal(a.body.data, "[]");
	assert_int_equal(a.body.len, 2);
	assert_string_equal(
		a.head.data,
		"HTTP/1.1 200 OK\r\nDate: Thu, 20 Feb 2020 11:19:00 GMT\r\n"
		"Remaining-Req: group=candles; min=600; sec=9\r\nContent-Length: 2\r\n\r\n");
	assert_in_range(a.received_boot_ms, before_ms, clock_boot_ms());
	http_answer_release(&a);
}

static void conventions(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		struct http_answer a;

		get(f, "/echo", &a);
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.body.data, "\r\nUser-Agent: gapless-test\r\n"));
		assert_non_null(strstr(a.body.data, "\r\nAccept-Encoding: gzip\r\n"));
		assert_non_null(strstr(a.body.data, "\r\nAccept: application/json\r\n"));
		assert_null(strstr(a.body.data, "\r\nOrigin:"));
		assert_null(strstr(a.body.data, "\r\nCookie:"));
		assert_null(strstr(a.body.data, "\r\nAuthorization:"));
		http_answer_release(&a);
	}
}

static void answers_of_all_kinds(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *body;
	} cases[] = {
		{"/gzip", 200, "[]"},       {"/hints", 200, "[]"},      {"/trailer", 200, "[]"},
		{"/status/404", 404, "{}"}, {"/status/418", 418, "{}"}, {"/status/429", 429, "{}"},
		{"/status/503", 503, "{}"}, {"/redirect", 302, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer a;

		get(f, cases[i].path, &a);
		if (a.status != cases[i].status)
			fail_msg("%s gave %d: %s", cases[i].path, a.status, a.err.text);
		assert_int_equal(a.body.len, strlen(cases[i].body));
		assert_int_equal(a.err.class, ERR_NONE);
		if (a.body.len)
			assert_string_equal(a.body.data, cases[i].body);
		/* one head, the last; no trailers */
		assert_null(strstr(a.head.data, "103"));
		assert_null(strstr(a.head.data, "never"));
		assert_null(strstr(a.head.data, "X-Late: "));
		http_answer_release(&a);
	}
	/* nobody followed the redirect */
	assert_int_equal(atomic_load(&f->server->served), sizeof(cases) / sizeof(cases[0]));
}

static void connections_are_kept_and_few(void **state)
{
	struct fixture *f = *state;
	struct http_answer a;

	for (int i = 0; i < 50; i++) {
		get(f, "/ok", &a);
		assert_int_equal(a.status, 200);
		http_answer_release(&a);
	}
	assert_int_equal(f->server->n, 1);
	for (int i = 0; i < 40; i++)
		start(f, "/delay/30", NULL);
	assert_int_equal(http_in_flight(f->http), 40);
	for (int i = 0; i < 40; i++) {
		await(f, &a);
		assert_int_equal(a.status, 200);
		http_answer_release(&a);
	}
	assert_in_range(f->server->n, 2, HTTP_CONNECTIONS);
	assert_in_range(atomic_load(&f->server->most_open), 2, HTTP_CONNECTIONS);
}

static void waits_are_woken(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_boot_ms();
	int ends[2], many[100] = {0};
	struct err err;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(http_wait(f->http, ends, 1, LONG_MS, &err), 0);
	assert_true(clock_boot_ms() - before_ms < LONG_MS);
	assert_int_equal(http_wait(f->http, many, 100, 0, &err), -1);
	close(ends[0]);
	close(ends[1]);
}

static void waits_are_short_while_an_answer_lies_there(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms;
	struct http_answer a;
	struct err err;

	start(f, "/ok", NULL);
	before_ms = clock_boot_ms();
	for (int i = 0; i < 20; i++)
		assert_int_equal(http_wait(f->http, NULL, 0, LONG_MS, &err), 0);
	assert_true(clock_boot_ms() - before_ms < LONG_MS);
	await(f, &a);
	http_answer_release(&a);
}

static void waits_end(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_boot_ms();
	struct err err;

	assert_int_equal(http_wait(f->http, NULL, 0, 120, &err), 0);
	assert_true(clock_boot_ms() - before_ms >= 100);
	assert_int_equal(http_wait(f->http, NULL, 0, 0, &err), 0);
}

static void cancelled(void **state)
{
	struct fixture *f = *state;
	int64_t deadline_ms = clock_boot_ms() + 5000;
	struct http_answer a;
	struct err err;

	for (int i = 0; i < 10; i++)
		start(f, i % 2 ? "/hang" : "/ok", NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(http_wait(f->http, NULL, 0, 20, &err), 0);
	http_cancel_all(f->http);
	assert_int_equal(http_in_flight(f->http), 0);
	assert_int_equal(http_take(f->http, &a), 0);
	while (atomic_load(&f->server->open) > 2) {
		assert_true(clock_boot_ms() < deadline_ms);
		scripted_pause(5);
	}
	get(f, "/ok", &a);
	assert_int_equal(a.status, 200);
	http_answer_release(&a);
	/* and what is in flight at the end is http_free's */
	start(f, "/hang", NULL);
	assert_int_equal(http_wait(f->http, NULL, 0, 20, &err), 0);
}

/* A proxy of the environment would break every one of these. */
static void proxies_of_the_environment_are_ignored(void **state)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY",
					    "ALL_PROXY"};
	struct fixture *f = *state;
	struct http_answer a;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], "http://127.0.0.1:1", 1);
	get(f, "/ok", &a);
	assert_int_equal(a.status, 200);
	http_answer_release(&a);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

static void a_configured_proxy_is_used(void **state)
{
	struct fixture *f = *state;
	struct http_config config = {
		.base_url = "http://localhost:1", .user_agent = "t", .proxy = f->base};
	struct http_answer a;
	struct err err;

	http_free(f->http);
	setenv("no_proxy", "localhost", 1);
	f->http = http_new(&config, &err);
	assert_non_null(f->http);
	assert_int_equal(http_get(f->http, "http://localhost:1/echo", NULL, &err), 0);
	await(f, &a);
	/* our server, as a proxy, sees an absolute URL and takes it for no path that it knows: []
	 */
	assert_int_equal(a.status, 200);
	assert_int_equal(atomic_load(&f->server->served), 1);
	http_answer_release(&a);
	unsetenv("no_proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(a_good_answer),
		WITH_SERVER(conventions),
		WITH_SERVER(answers_of_all_kinds),
		WITH_SERVER(connections_are_kept_and_few),
		WITH_SERVER(waits_are_woken),
		WITH_SERVER(waits_are_short_while_an_answer_lies_there),
		WITH_SERVER(waits_end),
		WITH_SERVER(cancelled),
		WITH_SERVER(proxies_of_the_environment_are_ignored),
		WITH_SERVER(a_configured_proxy_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
