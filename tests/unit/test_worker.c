/* SPDX-License-Identifier: MIT */
/* The job thread. This program has a clock_gettime() of its own: its wall clock is nine hours ahead
 * of the kernel's, as if it had been set back between reading the clock and waiting. Deadlines are
 * only there for what is broken; what is right never waits for one. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/worker.h"

enum { DEADLINE_MS = 20000, FOR_EVER_MS = 3600000 };

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += 9 * 3600;
	return rc;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What a job does, and what it found. */
struct job {
	int64_t pause_ms;
	int fd; /* says here that it has begun, and reads, deaf to everything; -1: no */
	/* out */
	int runs, cancelled, pause_cut;
	int64_t paused_ms;
};

static int context;

static void run(struct worker *w, void *ctx, void *arg)
{
	struct job *job = arg;
	int64_t begun_ms = now_ms();
	char byte;

	assert_ptr_equal(ctx, &context);
	job->runs++;
	if (job->fd >= 0) {
		assert_int_equal(write(job->fd, "b", 1), 1);
		assert_int_equal(read(job->fd, &byte, 1), 1);
	}
	if (job->pause_ms)
		job->pause_cut = worker_pause(w, job->pause_ms);
	job->paused_ms = now_ms() - begun_ms;
	job->cancelled = atomic_load(worker_cancel_flag(w));
	assert_int_equal(job->cancelled, worker_is_cancelled(w));
}

static struct worker *start(void)
{
	struct err err = {0};
	struct worker *w = worker_new(run, &context, &err);

	assert_non_null(w);
	assert_int_equal(err.class, ERR_NONE);
	return w;
}

static void end(struct worker *w)
{
	assert_int_equal(worker_stop(w, DEADLINE_MS), 1);
	assert_null(worker_take(w));
	worker_free(w);
}

static int is_readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, wait_ms) == 1;
}

static void test_over_and_back(void **state)
{
	struct worker *w = start();

	(void)state;
	for (int i = 1; i <= 100; i++) {
		struct job job = {.fd = -1};

		assert_int_equal(worker_is_idle(w), 1);
		assert_null(worker_take(w));
		assert_int_equal(worker_wait(w, FOR_EVER_MS), 0); /* for nothing: at once */
		assert_int_equal(is_readable(worker_fd(w), 0), 0);
		worker_submit(w, &job);
		assert_int_equal(worker_is_idle(w), 0);
		if (i % 2)
			assert_int_equal(worker_wait(w, DEADLINE_MS), 1);
		assert_int_equal(is_readable(worker_fd(w), DEADLINE_MS), 1);
		assert_int_equal(worker_wait(w, 0), 1);
		assert_int_equal(worker_is_idle(w), 0); /* finished is not taken */
		assert_ptr_equal(worker_take(w), &job);
		assert_int_equal(is_readable(worker_fd(w), 0), 0);
		assert_int_equal(job.runs, 1);
		assert_int_equal(job.cancelled, 0);
	}
	end(w);
}

static void test_wait_has_an_end(void **state)
{
	struct worker *w = start();
	struct job job = {0};
	int64_t begun_ms = now_ms();
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	job.fd = ends[0];
	worker_submit(w, &job);
	assert_int_equal(worker_wait(w, 30), 0);
	assert_true(now_ms() - begun_ms >= 30);
	assert_null(worker_take(w));
	assert_int_equal(is_readable(worker_fd(w), 0), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(worker_wait(w, DEADLINE_MS), 1);
	assert_ptr_equal(worker_take(w), &job);
	end(w);
	close(ends[0]);
	close(ends[1]);
}

static void test_pause_ignores_the_wall_clock(void **state)
{
	struct worker *w = start();
	struct job job = {.fd = -1, .pause_ms = 30};

	(void)state;
	worker_submit(w, &job);
	assert_int_equal(worker_wait(w, DEADLINE_MS), 1);
	assert_ptr_equal(worker_take(w), &job);
	assert_int_equal(job.pause_cut, 0);
	assert_true(job.paused_ms >= 30);
	end(w);
}

static void test_cancel_cuts_a_pause(void **state)
{
	struct worker *w = start();
	struct job job = {.fd = -1, .pause_ms = FOR_EVER_MS}, next = {.fd = -1, .pause_ms = 1};

	(void)state;
	worker_cancel(w); /* of nothing: forgotten with the next job */
	for (int i = 0; i < 100; i++) {
		worker_submit(w, &job);
		worker_cancel(w); /* before the pause has begun, or in it */
		assert_int_equal(worker_wait(w, DEADLINE_MS), 1);
		assert_ptr_equal(worker_take(w), &job);
		assert_int_equal(job.runs, i + 1);
		assert_int_equal(job.pause_cut, 1);
		assert_int_equal(job.cancelled, 1);
		assert_int_equal(worker_is_cancelled(w), 1); /* still of this one */
		worker_submit(w, &next);
		assert_int_equal(worker_wait(w, DEADLINE_MS), 1);
		assert_ptr_equal(worker_take(w), &next);
		assert_int_equal(next.pause_cut, 0);
		assert_int_equal(next.cancelled, 0);
	}
	end(w);
}

static void test_stop_gives_the_job_back(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct worker *w = start();
		struct job job = {.fd = -1, .pause_ms = FOR_EVER_MS};

		worker_submit(w, &job);
		assert_int_equal(worker_stop(w, DEADLINE_MS), 1);
		assert_int_equal(worker_is_cancelled(w), 1);
		assert_int_equal(job.pause_cut, job.runs); /* it may not have begun */
		assert_ptr_equal(worker_take(w), &job);
		assert_null(worker_take(w));
		worker_free(w);
	}
}

static void test_stop_of_a_thread_that_hangs(void **state)
{
	struct worker *w = start();
	struct job job = {0};
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	job.fd = ends[0];
	worker_submit(w, &job);
	assert_int_equal(read(ends[1], &byte, 1), 1); /* it has begun */
	assert_int_equal(worker_stop(w, 30), 0);
	assert_int_equal(worker_stop(w, 30), 0);
	assert_null(worker_take(w)); /* still lent */
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(worker_stop(w, DEADLINE_MS), 1);
	assert_ptr_equal(worker_take(w), &job);
	worker_free(w);
	close(ends[0]);
	close(ends[1]);
}

static void test_no_eventfd(void **state)
{
	struct rlimit few = {0}, before;
	struct err err = {0};
	struct worker *w;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	w = worker_new(run, &context, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_null(w);
	assert_int_equal(err.class, ERR_FATAL);
	assert_non_null(strstr(err.text, "raise the limits of threads and open files"));
	worker_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_over_and_back),
		cmocka_unit_test(test_wait_has_an_end),
		cmocka_unit_test(test_pause_ignores_the_wall_clock),
		cmocka_unit_test(test_cancel_cuts_a_pause),
		cmocka_unit_test(test_stop_gives_the_job_back),
		cmocka_unit_test(test_stop_of_a_thread_that_hangs),
		cmocka_unit_test(test_no_eventfd),
	};

	alarm(120); /* nobody waits for ever for a broken one */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
