/* SPDX-License-Identifier: MIT */
/* One mutex, and one condition for each side to wait for. The eventfd is written and read under the
 * mutex, so that it never says anything else than `finished` does. */
#include "common/base/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/base/alloc.h"

struct worker {
	void (*run)(struct worker *w, void *context, void *job);
	void *context;
	pthread_t thread;
	int fd;
	atomic_int cancelled; /* written under the lock */
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t to_thread, to_owner;
	void *job;
	int finished, stopping;
	int left_behind; /* the owner's: worker_stop has returned 0 */
};

static struct timespec in_ms(int64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* ---- the thread ---- */

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->stopping && (!w->job || w->finished))
			pthread_cond_wait(&w->to_thread, &w->lock);
		if (w->stopping)
			break;
		pthread_mutex_unlock(&w->lock);
		w->run(w, w->context, w->job);
		pthread_mutex_lock(&w->lock);
		w->finished = 1;
		eventfd_write(w->fd, 1);
		pthread_cond_signal(&w->to_owner);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int worker_is_cancelled(const struct worker *w)
{
	return atomic_load(&w->cancelled);
}

const atomic_int *worker_cancel_flag(const struct worker *w)
{
	return &w->cancelled;
}

int worker_pause(struct worker *w, int64_t ms)
{
	struct timespec until = in_ms(ms);

	pthread_mutex_lock(&w->lock);
	while (!worker_is_cancelled(w) &&
	       pthread_cond_timedwait(&w->to_thread, &w->lock, &until) == 0)
		;
	pthread_mutex_unlock(&w->lock);
	return worker_is_cancelled(w);
}

/* ---- the owner ---- */

void worker_free(struct worker *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	pthread_cond_destroy(&w->to_thread);
	pthread_cond_destroy(&w->to_owner);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

struct worker *worker_new(void (*run)(struct worker *w, void *context, void *job), void *context,
			  struct err *err)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t monotonic;

	w->run = run;
	w->context = context;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->to_thread, &monotonic);
	pthread_cond_init(&w->to_owner, &monotonic);
	pthread_condattr_destroy(&monotonic);
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd >= 0 && pthread_create(&w->thread, NULL, worker_main, w) == 0)
		return w;
	err_set(err, ERR_FATAL,
		"no thread can be started: raise the limits of threads and open files");
	worker_free(w);
	return NULL;
}

/* Threads that still run, process-wide. */
static atomic_int left_behind;

static void leave_at_once(int status, void *arg)
{
	(void)arg;
	if (atomic_load(&left_behind) == 0)
		return;
	fflush(stdout);
	_exit(status);
}

int worker_stop(struct worker *w, int wait_ms)
{
	struct timespec until = in_ms(wait_ms);

	pthread_mutex_lock(&w->lock);
	w->stopping = 1;
	atomic_store(&w->cancelled, 1);
	pthread_cond_signal(&w->to_thread);
	pthread_mutex_unlock(&w->lock);
	if (pthread_clockjoin_np(w->thread, NULL, CLOCK_MONOTONIC, &until) == 0) {
		atomic_fetch_sub(&left_behind, w->left_behind);
		w->finished = w->job != NULL; /* so that it is given back */
		return 1;
	}
	if (!w->left_behind) {
		w->left_behind = 1;
		atomic_fetch_add(&left_behind, 1);
		on_exit(leave_at_once, NULL);
	}
	return 0;
}

int worker_is_idle(const struct worker *w)
{
	return w->job == NULL; /* the owner alone changes it */
}

void worker_submit(struct worker *w, void *job)
{
	pthread_mutex_lock(&w->lock);
	w->job = job;
	atomic_store(&w->cancelled, 0);
	pthread_cond_signal(&w->to_thread);
	pthread_mutex_unlock(&w->lock);
}

void worker_cancel(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->cancelled, 1);
	pthread_cond_signal(&w->to_thread);
	pthread_mutex_unlock(&w->lock);
}

int worker_wait(struct worker *w, int wait_ms)
{
	struct timespec until = in_ms(wait_ms);
	int finished;

	pthread_mutex_lock(&w->lock);
	while (w->job && !w->finished &&
	       pthread_cond_timedwait(&w->to_owner, &w->lock, &until) == 0)
		;
	finished = w->finished;
	pthread_mutex_unlock(&w->lock);
	return finished;
}

void *worker_take(struct worker *w)
{
	eventfd_t count;
	void *job = NULL;

	pthread_mutex_lock(&w->lock);
	if (w->finished) {
		job = w->job;
		w->job = NULL;
		w->finished = 0;
		eventfd_read(w->fd, &count);
	}
	pthread_mutex_unlock(&w->lock);
	return job;
}

int worker_fd(const struct worker *w)
{
	return w->fd;
}
