/* SPDX-License-Identifier: MIT */
/* Whom we trust: openssl's own server with certificates made for the occasion. */
#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "producer/exchange/upbit.h"
#include "producer/http/http.h"
#include "producer/requests.h"

static char dir[64];

enum { ARGS_MAX = 40 };

/* Starts openssl with the words of `line`, output to the file `out` in our directory; 0 if there
 * is no openssl. */
static pid_t openssl_start(const char *line, const char *out)
{
	char words[1024], path[128], *argv[ARGS_MAX] = {NULL}, *rest = NULL;
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int n = 0;

	snprintf(words, sizeof(words), "openssl %s", line);
	for (char *word = strtok_r(words, " ", &rest); word && n < ARGS_MAX - 1;
	     word = strtok_r(NULL, " ", &rest))
		argv[n++] = word;
	snprintf(path, sizeof(path), "%s/%s", dir, out);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (posix_spawnp(&pid, "openssl", &actions, NULL, argv, environ) != 0)
		pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Runs openssl to its end. */
static void openssl_run(const char *line)
{
	int status;
	pid_t pid = openssl_start(line, "run.log");

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void certificate(const char *name, const char *host)
{
	char line[512];

	snprintf(
		line, sizeof(line),
		"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s -addext "
		"subjectAltName=DNS:%s -keyout %s/%s.key -out %s/%s.crt",
		host, host, dir, name, dir, name);
	openssl_run(line);
}

/* Signs it again, valid until yesterday. */
static void expire(const char *name)
{
	char line[512], from[128], to[128];

	snprintf(line, sizeof(line),
		 "x509 -in %s/%s.crt -signkey %s/%s.key -days -1 -out %s/new.crt", dir, name, dir,
		 name, dir);
	openssl_run(line);
	snprintf(from, sizeof(from), "%s/new.crt", dir);
	snprintf(to, sizeof(to), "%s/%s.crt", dir, name);
	assert_int_equal(rename(from, to), 0);
}

/* Serves a status page with the named certificate; *port is the kernel's choice, read from what the
 * server prints. */
static pid_t serve(const char *name, const char *options, int *port)
{
	int64_t deadline_ms = clock_boot_ms() + 10000;
	char line[512], log[64], path[128], said[4096];
	pid_t pid;

	snprintf(log, sizeof(log), "%s.log", name);
	snprintf(path, sizeof(path), "%s/%s", dir, log);
	snprintf(line, sizeof(line),
		 "s_server -accept 127.0.0.1:0 -www -cert %s/%s.crt -key %s/%s.key %s", dir, name,
		 dir, name, options);
	pid = openssl_start(line, log);
	assert_true(pid > 0);
	for (;;) {
		FILE *f = fopen(path, "r");
		size_t n = f ? fread(said, 1, sizeof(said) - 1, f) : 0;
		const char *at;

		if (f)
			fclose(f);
		said[n] = 0;
		at = strstr(said, "ACCEPT 127.0.0.1:");
		if (at && strchr(at, '\n') && sscanf(at, "ACCEPT 127.0.0.1:%d", port) == 1)
			return pid;
		if (clock_boot_ms() > deadline_ms || waitpid(pid, NULL, WNOHANG) == pid)
			fail_msg("openssl s_server does not listen: %s", said);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
}

static void ask(const char *base, const char *ca_file, struct http_answer *answer)
{
	struct http_config config = {
		.base_url = base, .user_agent = "t", .ca_file = ca_file, .total_ms = 5000};
	int64_t deadline_ms = clock_boot_ms() + 10000;
	struct err err;
	struct http *http = http_new(&config, &err);
	char url[128];

	assert_non_null(http);
	snprintf(url, sizeof(url), "%s/", base);
	assert_int_equal(http_get(http, url, NULL, &err), 0);
	while (!http_take(http, answer)) {
		assert_true(clock_boot_ms() < deadline_ms);
		assert_int_equal(http_wait(http, NULL, 0, 200, &err), 0);
	}
	http_free(http);
}

/* What https://localhost answers when it shows the named certificate. */
static void expect(const char *name, const char *options, int trusted, int status,
		   enum err_class class)
{
	char base[64], ca_file[128];
	struct http_answer a;
	int port;
	pid_t pid = serve(name, options, &port);

	snprintf(base, sizeof(base), "https://localhost:%d", port);
	snprintf(ca_file, sizeof(ca_file), "%s/%s.crt", dir, name);
	ask(base, trusted ? ca_file : NULL, &a);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (a.status != status || a.err.class != class)
		fail_msg("%s: status %d, class %d: %s", name, a.status, (int)a.err.class,
			 a.err.text);
	http_answer_release(&a);
}

static void trusted_certificate(void **state)
{
	(void)state;
	expect("good", "", 1, 200, ERR_NONE);
}

static void unknown_issuer(void **state)
{
	(void)state;
	expect("good", "", 0, 0, ERR_FATAL);
}

static int asked_the_system; /* how often a certificate was looked for where its authorities are */

/* libcrypto looks whether a file is there before it opens it. */
int stat(const char *path, struct stat *out)
{
	static int (*real)(const char *, struct stat *);

	if (!real)
		real = (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "stat");
	asked_the_system += strncmp(path, "/etc/ssl/certs/", 15) == 0;
	return real(path, out);
}

/* Authorities of one's own replace the system's. */
static void own_authorities_replace_the_systems(void **state)
{
	char base[64], ca_file[128];
	struct http_answer a;
	int port, by_default;
	pid_t pid = serve("good", "", &port);

	(void)state;
	snprintf(base, sizeof(base), "https://localhost:%d", port);
	snprintf(ca_file, sizeof(ca_file), "%s/other.crt", dir);
	asked_the_system = 0;
	ask(base, NULL, &a);
	http_answer_release(&a);
	by_default = asked_the_system;
	asked_the_system = 0;
	ask(base, ca_file, &a);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(a.err.class, ERR_FATAL);
	http_answer_release(&a);
	if (by_default == 0)
		skip(); /* another TLS library, or other places: nothing can be seen here */
	assert_int_equal(asked_the_system, 0);
}

/* It is said as an error, which nothing else hides. */
static void what_is_not_trusted_is_an_error(void **state)
{
	struct options options = {
		.exchange = &exchange_upbit, .rate_limit = 10, .rate_percent = 90};
	int64_t deadline_ms = clock_boot_ms() + 10000;
	struct requests *r;
	struct answer a;
	struct err err;
	const char *log;
	char base[64];
	int port;
	pid_t pid = serve("good", "", &port);

	(void)state;
	snprintf(base, sizeof(base), "https://localhost:%d", port);
	options.exchange_url = base;
	r = requests_new(&options, &err);
	assert_non_null(r);
	log_open("test", LOG_INFO);
	capture_begin();
	requests_list(r, clock_boot_ms());
	while (!requests_take(r, &a) && clock_boot_ms() < deadline_ms)
		assert_int_equal(requests_wait(r, NULL, 0, 100, &err), 0);
	log = capture_end();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(a.failure, FAILURE_OUTAGE);
	assert_non_null(strstr(log, "level=error"));
	assert_non_null(strstr(log, "a certificate to be trusted"));
	answer_release(&a);
	requests_free(r);
}

static void another_host(void **state)
{
	(void)state;
	expect("other", "", 1, 0, ERR_FATAL);
}

static void expired(void **state)
{
	(void)state;
	expect("expired", "", 1, 0, ERR_FATAL);
}

static void old_protocol(void **state)
{
	(void)state;
	expect("good", "-tls1_1 -cipher DEFAULT:@SECLEVEL=0", 1, 0, ERR_RETRY);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/gapless-tls-XXXXXX");
	assert_non_null(mkdtemp(dir));
	certificate("good", "localhost");
	certificate("other", "api.example.com");
	certificate("expired", "localhost");
	expire("expired");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = {
		"good.key",  "good.crt",    "good.log",    "other.key",   "other.crt",
		"other.log", "expired.key", "expired.crt", "expired.log", "run.log"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trusted_certificate),
		cmocka_unit_test(unknown_issuer),
		cmocka_unit_test(own_authorities_replace_the_systems),
		cmocka_unit_test(what_is_not_trusted_is_an_error),
		cmocka_unit_test(another_host),
		cmocka_unit_test(expired),
		cmocka_unit_test(old_protocol),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
