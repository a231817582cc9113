/* SPDX-License-Identifier: MIT */
/* Each case is a child of its own, which says how far it came by what it writes to its stdout. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/candle/interval.h"
#include "indicators/kinds/kind.h"
#include "indicators/output/output.h"

struct child {
	pid_t pid;
	int out; /* its stdout and stderr */
	int64_t begun_ms;
	char text[8192];
	size_t len;
};

static void child_start(struct child *c, void (*body)(void))
{
	int ends[2];

	memset(c, 0, sizeof(*c));
	assert_int_equal(pipe(ends), 0);
	c->begun_ms = clock_boot_ms();
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		alarm(20);               /* nobody waits for ever for a broken one */
		signal(SIGHUP, SIG_DFL); /* as it is not, if the tests run under nohup */
		body();
		_exit(99);
	}
	close(ends[1]);
	c->out = ends[0];
}

static void say(const char *word)
{
	if (write(STDOUT_FILENO, word, strlen(word)) < 0)
		_exit(98);
}

static void child_await(struct child *c, const char *word)
{
	while (!strstr(c->text, word)) {
		ssize_t n = read(c->out, c->text + c->len, sizeof(c->text) - 1 - c->len);

		if (n <= 0)
			fail_msg("the child ended before it said \"%s\"; it said: %s", word,
				 c->text);
		c->len += (size_t)n;
	}
}

/* Its exit code, or minus the signal that ended it. */
static int child_end(struct child *c)
{
	ssize_t n;
	int status;

	while ((n = read(c->out, c->text + c->len, sizeof(c->text) - 1 - c->len)) > 0)
		c->len += (size_t)n;
	close(c->out);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- what the children do ---- */

static void drain_when_asked(void)
{
	struct pollfd p;

	stop_install();
	p = (struct pollfd){.fd = stop_fd(), .events = POLLIN};
	if (stop_requested() || poll(&p, 1, 0) != 0)
		_exit(90);
	say("ready;");
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	if (!stop_requested() || poll(&p, 1, 0) != 1) /* stays readable */
		_exit(91);
	say("stopping;");
	_exit(EXIT_DONE);
}

static void never_end(void)
{
	struct pollfd p;

	stop_install();
	p = (struct pollfd){.fd = stop_fd(), .events = POLLIN};
	say("ready;");
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	say("stopping;");
	for (;;)
		pause();
}

static void under_nohup(void)
{
	signal(SIGHUP, SIG_IGN);
	stop_install();
	raise(SIGHUP);
	_exit(stop_requested() ? 90 : EXIT_DONE);
}

static void write_to_nobody(void)
{
	int ends[2];

	stop_install();
	if (pipe(ends) != 0)
		_exit(90);
	close(ends[0]);
	_exit(write(ends[1], "x", 1) == -1 && errno == EPIPE && !stop_requested() ? EXIT_DONE : 91);
}

static void hang_with_watchdog(void)
{
	log_open("test", LOG_INFO);
	stop_install();
	stop_watchdog(1);
	for (;;)
		pause();
}

static void end_before_watchdog(void)
{
	stop_install();
	stop_watchdog(15);
	_exit(EXIT_DONE);
}

/* Nothing listens at port 1. */
static void publish_into_a_full_queue(void)
{
	static const char *properties[] = {"queue.buffering.max.messages=2"};
	const struct options options = {.brokers = "127.0.0.1:1",
					.output_topic = "indicators",
					.source = "upbit",
					.kafka = {properties, 1}};
	const struct indicator vwap = {.kind = kind_by_name("vwap")};
	struct err err;
	struct output *output = output_new(&options, &err);
	int64_t outstanding = 0;

	stop_install();
	say("ready;");
	output_begin(output, "KRW-BTC", interval_by_name("1m"), &outstanding);
	for (int i = 0; i < 3; i++)
		output_value(output, &(struct bar){0}, &vwap, &(struct result){0});
	_exit(output_broken(output) && outstanding == 2 ? EXIT_DONE : 90);
}

/* ---- cases ---- */

static void test_first_signal_drains(void **state)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct child c;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		child_start(&c, drain_when_asked);
		child_await(&c, "ready;");
		kill(c.pid, numbers[i]);
		assert_int_equal(child_end(&c), 0);
		assert_string_equal(c.text, "ready;stopping;");
	}
}

static void test_second_signal_ends_at_once(void **state)
{
	struct child c;

	(void)state;
	child_start(&c, never_end);
	child_await(&c, "ready;");
	kill(c.pid, SIGTERM);
	child_await(&c, "stopping;");
	kill(c.pid, SIGINT);
	assert_int_equal(child_end(&c), 130);
}

static void test_a_signal_ends_the_wait_for_room(void **state)
{
	struct child c;

	(void)state;
	child_start(&c, publish_into_a_full_queue);
	child_await(&c, "ready;");
	kill(c.pid, SIGTERM);
	assert_int_equal(child_end(&c), 0);
}

static void test_small_things(void **state)
{
	struct child c;

	(void)state;
	child_start(&c, under_nohup);
	assert_int_equal(child_end(&c), 0);
	child_start(&c, write_to_nobody);
	assert_int_equal(child_end(&c), 0);
}

static void test_watchdog(void **state)
{
	struct child c;
	int64_t took_ms;

	(void)state;
	child_start(&c, hang_with_watchdog);
	assert_int_equal(child_end(&c), 4);
	took_ms = clock_boot_ms() - c.begun_ms;
	assert_in_range(took_ms, 1000, 10000);
	assert_non_null(strstr(c.text, "level=error program=test msg=\"could not stop in time"));
	assert_ptr_equal(strchr(c.text, '\n'), c.text + strlen(c.text) - 1); /* one line */

	child_start(&c, end_before_watchdog);
	assert_int_equal(child_end(&c), 0);
	assert_string_equal(c.text, "");
}

#ifdef GAPLESS_FAULTS
static const char *fault_spec;

static void pass_fault_points(void)
{
	setenv("GAPLESS_FAULT", fault_spec, 1);
	for (int i = 0; i < 5; i++) {
		FAULT("other");
		say("pass;");
		FAULT("here");
	}
	_exit(EXIT_DONE);
}

static void test_fault_points(void **state)
{
	static const struct {
		const char *spec;
		int end, passes;
	} cases[] = {
		{"here:1", -SIGKILL, 1},
		{"here:3", -SIGKILL, 3},
		{"here:6", 0, 5},
		{"nowhere:1", 0, 5},
		{"", 0, 5},
		{"here", 0, 5},
		{"here:0", 0, 5},
		{"here:x", 0, 5},
		{":1", 0, 5},
		{"here:1x", 0, 5},
	};
	struct child c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int passes = 0;

		fault_spec = cases[i].spec;
		child_start(&c, pass_fault_points);
		assert_int_equal(child_end(&c), cases[i].end);
		for (const char *p = c.text; (p = strstr(p, "pass;")); p++)
			passes++;
		assert_int_equal(passes, cases[i].passes);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_signal_drains),
		cmocka_unit_test(test_second_signal_ends_at_once),
		cmocka_unit_test(test_a_signal_ends_the_wait_for_room),
		cmocka_unit_test(test_small_things),
		cmocka_unit_test(test_watchdog),
#ifdef GAPLESS_FAULTS
		cmocka_unit_test(test_fault_points),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
