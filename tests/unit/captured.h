/* SPDX-License-Identifier: MIT */
/* What is written to stderr, the log above all, in place of showing it. */
#ifndef GAPLESS_TEST_CAPTURED_H
#define GAPLESS_TEST_CAPTURED_H

#include <sys/mman.h>
#include <unistd.h>

static int real_stderr;
static char captured[1 << 20];

/* Sends stderr to fd, which is then closed, and back. */
static inline void stderr_to(int fd)
{
	real_stderr = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static inline void stderr_back(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
}

static inline void capture_begin(void)
{
	stderr_to(memfd_create("stderr", 0));
}

static inline char *capture_end(void)
{
	ssize_t n = pread(STDERR_FILENO, captured, sizeof(captured) - 1, 0);

	stderr_back();
	captured[n > 0 ? n : 0] = 0;
	return captured;
}

#endif
