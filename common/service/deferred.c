/* SPDX-License-Identifier: MIT */
#include "common/service/deferred.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/alloc.h"

struct deferred {
	void (*run)(void *job, int given_up);
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	void *jobs[DEFERRED_MAX]; /* a ring: n of them, the oldest at `first` */
	size_t first, n;
	int stopping;
};

static void *deferred_main(void *arg)
{
	struct deferred *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->stopping || d->n > 0) {
		void *job;
		int given_up;

		if (d->n == 0) {
			pthread_cond_wait(&d->changed, &d->lock);
			continue;
		}
		job = d->jobs[d->first];
		d->first = (d->first + 1) % DEFERRED_MAX;
		d->n--;
		given_up = d->stopping;
		pthread_mutex_unlock(&d->lock);
		d->run(job, given_up);
		pthread_mutex_lock(&d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

struct deferred *deferred_new(void (*run)(void *job, int given_up), struct err *err)
{
	struct deferred *d = xcalloc(1, sizeof(*d));
	int rc;

	d->run = run;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	rc = pthread_create(&d->thread, NULL, deferred_main, d);
	if (rc == 0)
		return d;
	err_set(err, ERR_FATAL, "a thread cannot be started: %s", strerror(rc));
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
	return NULL;
}

int deferred_has_room(struct deferred *d)
{
	int room;

	pthread_mutex_lock(&d->lock);
	room = d->n < DEFERRED_MAX && !d->stopping;
	pthread_mutex_unlock(&d->lock);
	return room;
}

void deferred_submit(struct deferred *d, void *job)
{
	pthread_mutex_lock(&d->lock);
	d->jobs[(d->first + d->n) % DEFERRED_MAX] = job;
	d->n++;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

int deferred_stop(struct deferred *d, int wait_ms)
{
	struct timespec until;

	if (d == NULL)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	pthread_mutex_lock(&d->lock);
	d->stopping = 1;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->lock);
	if (pthread_clockjoin_np(d->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		return 0;
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
	return 1;
}
