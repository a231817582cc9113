/* Requests against a server on loopback that answers well and badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "producer/http.h"
#include "scripted.h"

struct fixture {
	struct scripted *server;
	struct http *http;
	char base[64];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err;

	assert_non_null(f);
	f->server = scripted_start();
	snprintf(f->base, sizeof(f->base), "http://127.0.0.1:%d", f->server->port);
	f->http = http_new(&(struct http_config){.base_url = f->base,
						 .user_agent = "gapless-test",
						 .connect_ms = 1000,
						 .total_ms = 4000,
						 .idle_s = 1},
			   &err);
	assert_non_null(f->http);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	scripted_stop(f->server);
	free(f);
	return 0;
}

static void start(struct fixture *f, const char *path, void *tag)
{
	char url[256];
	struct err err;

	snprintf(url, sizeof(url), "%s%s", f->base, path);
	if (http_get(f->http, url, tag, &err) < 0)
		fail_msg("%s", err.text);
}

static void await(struct fixture *f, struct http_answer *answer)
{
	int64_t deadline_ms = clock_boot_ms() + 10000;
	struct err err;

	while (!http_take(f->http, answer)) {
		assert_true(clock_boot_ms() < deadline_ms);
		if (http_wait(f->http, NULL, 0, 500, &err) < 0)
			fail_msg("%s", err.text);
	}
}

static void get(struct fixture *f, const char *path, struct http_answer *answer)
{
	start(f, path, answer);
	await(f, answer);
}

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
	assert_string_equal(a.head.data,
			    "HTTP/1.1 200 OK\r\nDate: Thu, 20 Feb 2020 11:19:00 GMT\r\n"
			    "Remaining-Req: group=candles; min=600; sec=9\r\nContent-Length: 2\r\n\r\n");
	assert_in_range(a.received_boot_ms, before_ms, clock_boot_ms());
	http_answer_release(&a);
}

static void manners(void **state)
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
		{"/gzip", 200, "[]"},	    {"/hints", 200, "[]"},	{"/trailer", 200, "[]"},
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
		assert_null(strstr(a.head.data, "X-Late"));
		http_answer_release(&a);
	}
	/* nobody followed the redirect */
	assert_int_equal(atomic_load(&f->server->served), sizeof(cases) / sizeof(cases[0]));
}

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
		if (a.status != 0 || a.err.class != cases[i].class || !strstr(a.err.text, cases[i].text))
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
	static const char *const paths[] = {"/hang", "/drip"};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		int64_t before_ms = clock_boot_ms();
		struct http_answer a;

		get(f, paths[i], &a);
		assert_int_equal(a.status, 0);
		assert_int_equal(a.err.class, ERR_RETRY);
		/* the bound of idleness, 1 s here, comes before that of the whole, 4 s */
		assert_in_range(a.received_boot_ms - before_ms, 500, 3500);
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
	start(f, "/hang", NULL);
	assert_int_equal(http_wait(f->http, ends, 1, 50, &err), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	/* some of the first waits are woken by the connection */
	for (int i = 0; i < 5; i++)
		assert_int_equal(http_wait(f->http, ends, 1, 5000, &err), 0);
	assert_true(clock_boot_ms() - before_ms < 900);
	assert_int_equal(http_wait(f->http, many, 100, 0, &err), -1);
	close(ends[0]);
	close(ends[1]);
}

static void waits_end(void **state)
{
	struct fixture *f = *state;
	int64_t before_ms = clock_boot_ms();
	struct err err;

	assert_int_equal(http_wait(f->http, NULL, 0, 120, &err), 0);
	assert_in_range(clock_boot_ms() - before_ms, 100, 1000);
	before_ms = clock_boot_ms();
	assert_int_equal(http_wait(f->http, NULL, 0, 0, &err), 0);
	assert_true(clock_boot_ms() - before_ms < 100);
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
	struct http_config config = {.base_url = "http://localhost:1", .user_agent = "t", .proxy = f->base};
	struct http_answer a;
	struct err err;

	http_free(f->http);
	setenv("no_proxy", "localhost", 1);
	f->http = http_new(&config, &err);
	assert_non_null(f->http);
	assert_int_equal(http_get(f->http, "http://localhost:1/echo", NULL, &err), 0);
	await(f, &a);
	/* our server, as a proxy, sees an absolute URL and takes it for no path that it knows: [] */
	assert_int_equal(a.status, 200);
	assert_int_equal(atomic_load(&f->server->served), 1);
	http_answer_release(&a);
	unsetenv("no_proxy");
}

static void base_urls(void **state)
{
	static const char *const good[] = {"https://api.upbit.com",  "https://sg-api.upbit.com/",
					   "http://localhost:18080", "http://127.3.2.1:5",
					   "http://[::1]:8080",	     "https://127.0.0.1:1/base"};
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
		struct http *http =
			http_new(&(struct http_config){.base_url = good[i], .user_agent = "t"}, &err);

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

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(a_good_answer),
		WITH_SERVER(manners),
		WITH_SERVER(answers_of_all_kinds),
		WITH_SERVER(failures),
		WITH_SERVER(slow_answers_are_broken_off),
		WITH_SERVER(refused_connection),
		WITH_SERVER(connections_are_kept_and_few),
		WITH_SERVER(waits_are_woken),
		WITH_SERVER(waits_end),
		WITH_SERVER(cancelled),
		WITH_SERVER(proxies_of_the_environment_are_ignored),
		WITH_SERVER(a_configured_proxy_is_used),
		cmocka_unit_test(base_urls),
		WITH_SERVER(only_the_base_url_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
