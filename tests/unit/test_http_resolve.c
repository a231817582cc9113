/* SPDX-License-Identifier: MIT */
/* A name that takes long to be looked up: nobody waits for it, neither the loop nor the end. One
 * with several addresses, of which not all can be reached; one whose address changes. The look-up
 * is this program's own getaddrinfo, which libcurl's thread calls; the name is that of a proxy, for
 * an exchange without TLS has none. */
#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "producer/http/http.h"
#include "scripted.h"

enum { LOOKUP_S = 30, CONNECT_MS = 300, PATIENCE_MS = 15000 };

enum { ADDRESSES_MAX = 2 };

/* What the resolver answers: addresses, "": none of its kind; nothing at all: it hangs. */
static const char *_Atomic answers[ADDRESSES_MAX];
static atomic_int lookups;

static struct addrinfo *address(const char *text, int port)
{
	struct addrinfo *a = calloc(1, sizeof *a + sizeof(struct sockaddr_in6));
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)(a + 1);
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)(a + 1);
	int is_v6 = strchr(text, ':') != NULL;

	a->ai_family = is_v6 ? AF_INET6 : AF_INET;
	a->ai_socktype = SOCK_STREAM;
	a->ai_protocol = IPPROTO_TCP;
	a->ai_addr = (struct sockaddr *)(void *)(a + 1);
	a->ai_addrlen = is_v6 ? sizeof *v6 : sizeof *v4;
	a->ai_addr->sa_family = (sa_family_t)a->ai_family;
	if (is_v6) {
		v6->sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, text, &v6->sin6_addr);
	} else {
		v4->sin_port = htons((uint16_t)port);
		inet_pton(AF_INET, text, &v4->sin_addr);
	}
	return a;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	struct addrinfo **last = out;

	(void)name;
	(void)hints;
	*out = NULL;
	atomic_fetch_add(&lookups, 1);
	for (int i = 0; i < ADDRESSES_MAX; i++) {
		const char *text = atomic_load(&answers[i]);

		if (!text)
			continue;
		*last = address(text, atoi(service));
		last = &(*last)->ai_next;
	}
	if (*out)
		return 0;
	nanosleep(&(struct timespec){LOOKUP_S, 0}, NULL);
	return EAI_AGAIN;
}

void freeaddrinfo(struct addrinfo *a)
{
	while (a) {
		struct addrinfo *next = a->ai_next;

		free(a);
		a = next;
	}
}

static void resolver_says(const char *first, const char *second)
{
	atomic_store(&answers[0], first);
	atomic_store(&answers[1], second);
}

static struct http *asking(void)
{
	struct err err;
	struct http *http = http_new(&(struct http_config){.base_url = "https://exchange.invalid",
							   .user_agent = "t",
							   .connect_ms = CONNECT_MS},
				     &err);

	assert_non_null(http);
	assert_int_equal(http_get(http, "https://exchange.invalid/x", NULL, &err), 0);
	assert_int_equal(http_wait(http, NULL, 0, 50, &err), 0);
	return http;
}

static void nobody_waits(void **state)
{
	int64_t began_ms = clock_boot_ms();
	struct http *http = asking();
	struct http_answer a;
	struct err err;

	(void)state;
	while (!http_take(http, &a)) {
		assert_true(clock_boot_ms() - began_ms < PATIENCE_MS);
		assert_int_equal(http_wait(http, NULL, 0, 100, &err), 0);
	}
	assert_int_equal(a.status, 0);
	assert_int_equal(a.err.class, ERR_RETRY);
	http_answer_release(&a);
	http_free(http);
	http_free(asking()); /* in the middle of it */
	assert_true(clock_boot_ms() - began_ms < PATIENCE_MS);
}

/* Of an exchange behind a name; the status of the answer, 0: none. */
static int ask(struct http *http, const struct scripted *server)
{
	int64_t began_ms = clock_boot_ms();
	char url[64];
	struct http_answer a;
	struct err err;
	int status;

	snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", server->port);
	assert_int_equal(http_get(http, url, NULL, &err), 0);
	while (!http_take(http, &a)) {
		assert_true(clock_boot_ms() - began_ms < PATIENCE_MS);
		assert_int_equal(http_wait(http, NULL, 0, 100, &err), 0);
	}
	status = a.status;
	http_answer_release(&a);
	return status;
}

static struct http *through_a_name(const struct scripted *server, int dns_s)
{
	static char base[64], proxy[64]; /* they outlive it */
	struct http *http;
	struct err err;

	snprintf(base, sizeof base, "http://127.0.0.1:%d", server->port);
	snprintf(proxy, sizeof proxy, "http://exchange.test:%d", server->port);
	http = http_new(&(struct http_config){.base_url = base,
					      .user_agent = "t",
					      .proxy = proxy,
					      .connect_ms = PATIENCE_MS,
					      .dns_s = dns_s},
			&err);
	assert_non_null(http);
	return http;
}

static void another_address_is_tried(void **state)
{
	static const char *const first[] = {"::1", "100::1", "127.0.0.2"}; /* nobody listens */
	struct scripted *server = scripted_start();

	(void)state;
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		struct http *http = through_a_name(server, 0);

		resolver_says(first[i], "127.0.0.1");
		assert_int_not_equal(ask(http, server), 0);
		http_free(http);
		http = through_a_name(server, 0);
		resolver_says("127.0.0.1", first[i]);
		assert_int_not_equal(ask(http, server), 0);
		http_free(http);
	}
	scripted_stop(server);
}

/* What is kept of an address that nobody answers at is asked for again soon. */
static void an_address_that_changes_is_noticed(void **state)
{
	struct scripted *server = scripted_start();
	struct http *http = through_a_name(server, 1);
	int64_t began_ms = clock_boot_ms();
	int before;

	(void)state;
	resolver_says("127.0.0.2", NULL);
	assert_int_equal(ask(http, server), 0);
	before = atomic_load(&lookups);
	resolver_says("127.0.0.1", NULL);
	while (ask(http, server) == 0) {
		assert_true(clock_boot_ms() - began_ms < PATIENCE_MS);
		nanosleep(&(struct timespec){0, 100 * 1000000}, NULL);
	}
	assert_true(atomic_load(&lookups) > before);
	http_free(http);
	scripted_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits),
		cmocka_unit_test(another_address_is_tried),
		cmocka_unit_test(an_address_that_changes_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
