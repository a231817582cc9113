/* SPDX-License-Identifier: MIT */
/* The sandbox exchange as a child process. Include after cmocka.h. */
#ifndef GAPLESS_TEST_EXCHANGE_PROCESS_H
#define GAPLESS_TEST_EXCHANGE_PROCESS_H

#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"

struct exchange_process {
	pid_t pid; /* 0: the program was not built beside this one */
	char base[64], log[64];
};

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
static inline int exchange_listening(struct exchange_process *p)
{
	char said[4096];
	FILE *f = fopen(p->log, "r");
	size_t n = f ? fread(said, 1, sizeof(said) - 1, f) : 0;
	const char *at;

	if (f)
		fclose(f);
	said[n] = 0;
	at = strstr(said, "listening on http");
	return at && strchr(at, '\n') && sscanf(at, "listening on %63s", p->base) == 1;
}

/* argv[0] is the name of the program alone. */
static inline void exchange_start(struct exchange_process *p, char *const *argv)
{
	int64_t deadline_ms = clock_boot_ms() + 20000;
	posix_spawn_file_actions_t actions;
	char path[PATH_MAX];
	int fd;

	if (exchange_path(path) != 0)
		return;
	snprintf(p->log, sizeof(p->log), "/tmp/gapless-exchange-XXXXXX");
	fd = mkstemp(p->log);
	assert_true(fd >= 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_adddup2(&actions, fd, 2);
	assert_int_equal(posix_spawn(&p->pid, path, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	while (!exchange_listening(p)) {
		assert_true(clock_boot_ms() < deadline_ms);
		assert_int_equal(waitpid(p->pid, NULL, WNOHANG), 0);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
}

static inline void exchange_stop(struct exchange_process *p)
{
	if (!p->pid)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	unlink(p->log);
}

#endif
