/* SPDX-License-Identifier: MIT */
/* The sandbox exchange as a child process, and requests to it. Include after cmocka.h. */
#ifndef GAPLESS_TEST_SANDBOX_H
#define GAPLESS_TEST_SANDBOX_H

#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "producer/exclock.h"
#include "producer/http/http.h"

static struct sandbox {
	pid_t pid;
	char base[64], log[64];
	struct http *http;
	struct exclock clock;
} sandbox;

/* build/asan/tests/test_edges -> build/asan/gapless-exchange */
static inline int exchange_path(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	for (int i = 0; i < 2 && n > 0; i++) {
		out[n] = 0;
		slash = strrchr(out, '/');
		n = slash ? slash - out : 0;
	}
	if (n <= 0 || n + 32 > PATH_MAX)
		return -1;
	memcpy(out + n, "/gapless-exchange", sizeof("/gapless-exchange"));
	return access(out, X_OK);
}

/* "... listening on http://127.0.0.1:PORT" in what it logs. */
static inline int listening(void)
{
	char said[4096];
	FILE *f = fopen(sandbox.log, "r");
	size_t n = f ? fread(said, 1, sizeof(said) - 1, f) : 0;
	const char *at;

	if (f)
		fclose(f);
	said[n] = 0;
	at = strstr(said, "listening on http");
	return at && strchr(at, '\n') && sscanf(at, "listening on %63s", sandbox.base) == 1;
}

static inline int set_up(void **state)
{
	char path[PATH_MAX], *argv[] = {"gapless-exchange", "--port", "0", "--markets", "20", NULL};
	int64_t deadline_ms = clock_boot_ms() + 20000;
	posix_spawn_file_actions_t actions;
	struct err err;
	int fd;

	(void)state;
	if (exchange_path(path) != 0)
		return 0;
	snprintf(sandbox.log, sizeof(sandbox.log), "/tmp/gapless-edges-XXXXXX");
	fd = mkstemp(sandbox.log);
	assert_true(fd >= 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_adddup2(&actions, fd, 2);
	assert_int_equal(posix_spawn(&sandbox.pid, path, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	while (!listening()) {
		assert_true(clock_boot_ms() < deadline_ms);
		assert_int_equal(waitpid(sandbox.pid, NULL, WNOHANG), 0);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	sandbox.http = http_new(
		&(struct http_config){.base_url = sandbox.base, .user_agent = "gapless-test"},
		&err);
	assert_non_null(sandbox.http);
	exclock_init(&sandbox.clock);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_free(sandbox.http);
	if (sandbox.pid) {
		kill(sandbox.pid, SIGKILL);
		waitpid(sandbox.pid, NULL, 0);
		unlink(sandbox.log);
	}
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

	snprintf(url, sizeof(url), "%s/control/%s", sandbox.base, what);
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
