/* SPDX-License-Identifier: MIT */
/* Requests that are answered badly or not at all, and those that are not to be made. */
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
#include "producer/http/transfer.h"
#include "scripted.h"

static void failures(void **state)
{
	static const struct {
		const char *path;
		enum err_class class;
		const char *text;
	} cases[] = {
		{"/close", ERR_RETRY, "Empty reply"},
		{"/cut", ERR_RETRY, "no complete answer"},
		{"/cut-chunk", ERR_RETRY, "no complete answer"},
		{"/bad-chunk", ERR_RETRY, "no complete answer"},
		{"/no-http", ERR_RETRY, "no complete answer"},
		{"/bad-gzip", ERR_INPUT, "cannot be decompressed"},
		{"/bad-encoding", ERR_INPUT, "cannot be decompressed"},
		{"/bomb", ERR_INPUT, "larger than 1048576 bytes"},
		{"/large", ERR_INPUT, "larger than 1048576 bytes"},
		{"/endless", ERR_INPUT, "larger than 1048576 bytes"},
		{"/many-lines", ERR_INPUT, "more than 100 lines"},
		{"/large-head", ERR_INPUT, "65536 bytes"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer a;

		get(f, cases[i].path, &a);
		if (a.status != 0 || a.err.class != cases[i].class ||
		    !strstr(a.err.text, cases[i].text))
			fail_msg("%s gave status %d: %s", cases[i].path, a.status, a.err.text);
		assert_true(a.body.len <= HTTP_BODY_MAX_BYTES);
		assert_true(a.head.len <= HTTP_HEAD_MAX_BYTES);
		http_answer_release(&a);
		/* the next one is not concerned */
		get(f, "/ok", &a);
		assert_int_equal(a.status, 200);
		http_answer_release(&a);
	}
}

static void slow_answers_are_broken_off(void **state)
{
	/* The bound of idleness, 1 s here, or that of the whole, 3 s: libcurl says which. */
	static const struct {
		const char *path;
		int64_t least_ms;
		const char *bound;
	} cases[] = {{"/hang", 500, "too slow"},
		     {"/drip", 500, "too slow"},
		     {"/trickle", 2900, "timed out"}};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t before_ms = clock_boot_ms();
		struct http_answer a;

		get(f, cases[i].path, &a);
		assert_int_equal(a.status, 0);
		assert_int_equal(a.err.class, ERR_RETRY);
		assert_true(a.received_boot_ms - before_ms >= cases[i].least_ms);
		assert_non_null(strstr(a.err.text, cases[i].bound));
		http_answer_release(&a);
	}
}

static void refused_connection(void **state)
{
	struct fixture *f = *state;
	struct http_answer a;

	shutdown(f->server->fd, SHUT_RDWR);
	pthread_join(f->server->thread, NULL);
	close(f->server->fd);
	get(f, "/ok", &a);
	assert_int_equal(a.status, 0);
	assert_int_equal(a.err.class, ERR_RETRY);
	assert_non_null(strstr(a.err.text, "connect"));
	http_answer_release(&a);
	f->server->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(pthread_create(&f->server->thread, NULL, scripted_accept, f->server), 0);
}

static void base_urls(void **state)
{
	static const char *const good[] = {"https://api.upbit.com",  "https://sg-api.upbit.com/",
					   "http://localhost:18080", "http://127.3.2.1:5",
					   "http://[::1]:8080",      "https://127.0.0.1:1/base"};
	static const char *const bad[] = {"http://api.upbit.com",
					  "http://127.0.0.1.example.com",
					  "http://localhost.example.com",
					  "ftp://127.0.0.1",
					  "file:///etc/passwd",
					  "https://user:secret@api.upbit.com",
					  "https://user@api.upbit.com",
					  "https://api.upbit.com?x=1",
					  "https://api.upbit.com#x",
					  "api.upbit.com",
					  "https://",
					  "",
					  "http://128.0.0.1",
					  "http://[::2]"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct http *http = http_new(
			&(struct http_config){.base_url = good[i], .user_agent = "t"}, &err);

		assert_non_null(http);
		http_free(http);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		if (http_new(&(struct http_config){.base_url = bad[i], .user_agent = "t"}, &err))
			fail_msg("%s is accepted", bad[i]);
		assert_int_equal(err.class, ERR_FATAL);
		assert_null(strstr(err.text, "secret"));
	}
}

static void only_the_base_url_is_asked(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:1/x", "https://example.com/",
					   "file:///etc/passwd", ""};
	struct fixture *f = *state;
	char url[128];
	struct err err;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_int_equal(http_get(f->http, urls[i], NULL, &err), -1);
	snprintf(url, sizeof(url), "%s0/x", f->base);
	assert_int_equal(http_get(f->http, url, NULL, &err), -1);
	snprintf(url, sizeof(url), "%s@example.com/x", f->base);
	assert_int_equal(http_get(f->http, url, NULL, &err), -1);
	assert_int_equal(http_in_flight(f->http), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(failures),
		WITH_SERVER(slow_answers_are_broken_off),
		WITH_SERVER(refused_connection),
		cmocka_unit_test(base_urls),
		WITH_SERVER(only_the_base_url_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
