/* SPDX-License-Identifier: MIT */
/* The handler only touches one atomic and writes to an eventfd: both are async-signal-safe. */
#include "common/base/stop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/notify.h"

static atomic_int requested;
static int wake_fd = -1;

/* 1 if this was the first request. */
static int request(void)
{
	const uint64_t one = 1;
	int saved = errno;

	if (atomic_exchange(&requested, 1))
		return 0;
	(void)!write(wake_fd, &one, sizeof(one)); /* cannot fail on a fresh eventfd */
	errno = saved;
	return 1;
}

static void on_signal(int number)
{
	(void)number;
	if (!request())
		_exit(EXIT_SECOND);
}

static void on_alarm(int number)
{
	(void)number;
	_exit(EXIT_STUCK);
}

void stop_install(void)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction old;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0) {
		log_error("no eventfd for signals: a signal ends this process without draining");
		return;
	}
	sigemptyset(&act.sa_mask);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	/* Under nohup a hang-up stays ignored. */
	if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &act, NULL);
	act.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &act, NULL);
}

int stop_requested(void)
{
	return atomic_load(&requested);
}

int stop_fd(void)
{
	return wake_fd;
}

int stop_pause(int ms)
{
	struct pollfd p = {.fd = wake_fd, .events = POLLIN};

	poll(&p, 1, ms);
	return stop_requested();
}

static void *watch(void *arg)
{
	struct timespec end;
	intptr_t seconds = (intptr_t)arg;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
	log_error(
		"could not stop in time; ending now (nothing is lost: what is not committed is read again)",
		L_INT("seconds", seconds));
	_exit(EXIT_STUCK);
}

void stop_watchdog(int seconds)
{
	pthread_t thread;

	notify_send("STOPPING=1");
	if (pthread_create(&thread, NULL, watch, (void *)(intptr_t)seconds) == 0) {
		pthread_detach(thread);
		return;
	}
	signal(SIGALRM, on_alarm);
	alarm((unsigned)seconds);
}
