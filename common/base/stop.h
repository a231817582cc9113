/* SPDX-License-Identifier: MIT */
/* Signals and the way out. First SIGTERM, SIGINT or SIGHUP (unless nohup has it ignored):
 * stop_requested() becomes 1 and stop_fd() readable, so that every wait ends. Second, of any of
 * them: the process is gone at once with exit code 130. SIGPIPE is ignored. */
#ifndef GAPLESS_STOP_H
#define GAPLESS_STOP_H

/* Exit codes of all programs (docs/operations.md, "Stopping"). */
enum {
	EXIT_DONE = 0,
	EXIT_PERSON = 1,  /* stopped on something that needs a person */
	EXIT_USAGE = 2,   /* settings or command line */
	EXIT_FENCED = 3,  /* replaced by another instance with the same id */
	EXIT_STUCK = 4,   /* could not stop in time */
	EXIT_SECOND = 130 /* second signal */
};

/* Call once, before any thread is started. */
void stop_install(void);
int stop_requested(void);
/* Becomes readable with the first signal and stays so; for poll(). */
int stop_fd(void);
/* Waits so long, or until the first signal. 1 if it has come. */
int stop_pause(int ms);
/* Says that we stop (notify.h). From now on the process ends with EXIT_STUCK after `seconds`, with
 * one line in the log, unless it ended before: destroying a Kafka handle can hang
 * (librdkafka 2.0.2), and nobody should have to kill -9 us. */
void stop_watchdog(int seconds);

#endif
