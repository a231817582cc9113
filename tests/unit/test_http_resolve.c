/* SPDX-License-Identifier: MIT */
/* A name that takes long to be looked up: nobody waits for it, neither the loop nor the end. The
 * look-up is this program's own getaddrinfo, which libcurl's thread calls. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "producer/http/http.h"

enum { LOOKUP_S = 30, CONNECT_MS = 300, PATIENCE_MS = 15000 };

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	(void)name;
	(void)service;
	(void)hints;
	*out = NULL;
	nanosleep(&(struct timespec){LOOKUP_S, 0}, NULL);
	return EAI_AGAIN;
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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_waits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
