/* SPDX-License-Identifier: MIT */
/* /metrics, /livez and /readyz as a client meets them, over loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/notify.h"
#include "common/base/version.h"
#include "common/service/service.h"

static const struct metric table[] = {{.name = "gapless_test", .help = "A test."}};

static void hello(void *opaque, const struct httpd_request *request, struct httpd_reply *reply)
{
	const char *name = httpd_query(request, "name");

	assert_int_equal(buf_printf(&reply->body, "%s %s", (const char *)opaque,
				    name != NULL ? name : "nobody"),
			 0);
}

/* Tells how many are in it at the same time. */
static atomic_int counted_now, counted_most;

static void counted(void *opaque, const struct httpd_request *request, struct httpd_reply *reply)
{
	int n = atomic_fetch_add(&counted_now, 1) + 1;

	(void)opaque;
	if (n > atomic_load(&counted_most))
		atomic_store(&counted_most, n);
	usleep(5000);
	atomic_fetch_sub(&counted_now, 1);
	hello("counted", request, reply);
}

/* Takes until it is let go. */
static pthread_mutex_t slow_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t slow_began;

static void slow(void *opaque, const struct httpd_request *request, struct httpd_reply *reply)
{
	(void)opaque;
	sem_post(&slow_began);
	pthread_mutex_lock(&slow_lock);
	pthread_mutex_unlock(&slow_lock);
	hello("slow", request, reply);
}

static const struct httpd_route routes[] = {
	{.path = "/hello", .help = "greets", .answer = hello, .opaque = "hello"},
	{.path = "/counted", .help = "counts itself", .answer = counted},
	{.path = "/slow", .help = "takes its time", .answer = slow, .slow = 1},
	{0}};

static struct service *started(const char *listen)
{
	const struct service_settings settings = {
		.listen = listen, .table = table, .n = 1, .routes = routes};

	return service_new(&settings);
}

static int connected(const struct service *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_port = htons((uint16_t)atoi(strrchr(service_address(s), ':') + 1));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* The whole reply; the server closes. */
static char *ask(const struct service *s, const char *request)
{
	static char reply[1 << 16];
	int fd = connected(s);
	size_t n = 0;
	ssize_t got;

	assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	while (n < sizeof(reply) - 1 && (got = read(fd, reply + n, sizeof(reply) - 1 - n)) > 0)
		n += (size_t)got;
	reply[n] = '\0';
	close(fd);
	return reply;
}

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* Of a sample without labels. */
static double value_of(const char *exposition, const char *name)
{
	char line[120];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(exposition, line);
	assert_non_null(at);
	return strtod(at + strlen(line), NULL);
}

static void serves(void **state)
{
	struct service *s = started("127.0.0.1:0");
	char build[128];
	const char *reply;

	(void)state;
	snprintf(build, sizeof(build), "\ngapless_build_info{version=\"%s\"", gapless_version);
	metrics_add(service_metrics(s), 0, NULL, 3);
	reply = ask(s, "GET /metrics" END);
	assert_non_null(strstr(reply, "HTTP/1.1 200"));
	assert_non_null(strstr(reply, "text/plain; version=0.0.4"));
	assert_non_null(strstr(reply, "\ngapless_test_total 3\n"));
	/* What every process shows, in the same exposition. */
	assert_non_null(strstr(reply, build));
	assert_true(value_of(reply, "process_resident_memory_bytes") > 100000);
	assert_true(value_of(reply, "process_cpu_seconds_total") > 0);
	assert_true(value_of(reply, "process_threads") >= 2);
	assert_true(value_of(reply, "process_start_time_seconds") >
		    (double)clock_wall_ms() / 1000 - 60);
	assert_true(value_of(reply, "process_start_time_seconds") <
		    (double)clock_wall_ms() / 1000 + 1);
	reply = ask(s, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		       "Accept: application/openmetrics-text;version=1.0.0\r\n\r\n");
	assert_non_null(strstr(reply, "application/openmetrics-text"));
	assert_non_null(strstr(reply, "# EOF\n"));
	assert_non_null(strstr(ask(s, "GET /hello?name=Kim" END), "hello Kim"));
	assert_non_null(strstr(ask(s, "GET /hello" END), "default-src 'none'"));
	assert_non_null(strstr(ask(s, "GET /" END), "/hello       greets"));
	assert_non_null(strstr(ask(s, "GET /nothing" END), "HTTP/1.1 404"));
	assert_non_null(strstr(ask(s, "DELETE /metrics" END), "HTTP/1.1 405"));
	assert_null(strstr(ask(s, "HEAD /metrics" END), "gapless_test_total"));
	service_free(s);
}

static void health(void **state)
{
	struct service *s = started("127.0.0.1:0");

	(void)state;
	assert_non_null(strstr(ask(s, "GET /livez" END), "HTTP/1.1 200"));
	assert_non_null(strstr(ask(s, "GET /readyz" END), "HTTP/1.1 503"));
	assert_non_null(strstr(ask(s, "GET /readyz" END), "starting"));
	service_ready(s, NULL);
	assert_non_null(strstr(ask(s, "GET /readyz" END), "HTTP/1.1 200"));
	service_ready(s, "waiting for the database");
	assert_non_null(strstr(ask(s, "GET /readyz" END), "waiting for the database"));
	service_beat(s, clock_boot_ms());
	assert_non_null(strstr(ask(s, "GET /livez" END), "HTTP/1.1 200"));
	service_beat(s, clock_boot_ms() - SERVICE_DEAD_MS - 1000);
	assert_non_null(strstr(ask(s, "GET /livez" END), "HTTP/1.1 503"));
	service_free(s);
}

static void off_or_taken(void **state)
{
	struct service *first = started("127.0.0.1:0"), *second, *off;

	(void)state;
	second = started(service_address(first));
	assert_null(service_address(second));
	off = started("off");
	assert_null(service_address(off));
	metrics_add(service_metrics(off), 0, NULL, 1);
	service_free(off);
	service_free(second);
	service_free(first);
	service_beat(NULL, 1);
}

static void the_setting(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(service_check("off", &err), 0);
	assert_int_equal(service_check("", &err), 0);
	assert_int_equal(service_check("127.0.0.1:9465", &err), 0);
	assert_int_equal(service_check("localhost:9465", &err), -1);
	assert_non_null(strstr(err.text, "--http: 'localhost:9465'"));
}

static void addresses(void **state)
{
	static const char *const good[] = {"127.0.0.1:9464", "9464", "[::1]:9464", "0.0.0.0:1",
					   ":9"};
	static const char *const bad[] = {"localhost:9464",
					  "127.0.0.1",
					  "127.0.0.1:",
					  "1:2:3",
					  "x",
					  "",
					  "127.0.0.1:99999",
					  "127.0.0.1:9464/metrics"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(httpd_check_address(good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err_clear(&err);
		if (httpd_check_address(bad[i], &err) == 0)
			fail_msg("'%s' was taken for an address", bad[i]);
		assert_int_equal(err.class, ERR_FATAL);
	}
}

/* Clients that say half a word, or too much, and stay: the next one is answered all the same. */
static void hostile(void **state)
{
	enum { SILENT = 40 };
	struct service *s = started("127.0.0.1:0");
	static char huge[100000];
	int fds[SILENT];

	(void)state;
	for (int i = 0; i < SILENT; i++) {
		fds[i] = connected(s);
		assert_int_equal(write(fds[i], "GET /met", 8), 8);
	}
	memset(huge, 'h', sizeof(huge) - 1);
	memcpy(huge, "GET /metrics HTTP/1.1\r\nX: ", 26);
	assert_null(
		strstr(ask(s, "GET /metrics HTTP/1.1\r\nContent-Length: 999\r\nConnection: close"
			      "\r\n\r\n{}"),
		       "HTTP/1.1 500"));
	{
		int fd = connected(s);
		char reply[64] = "";
		ssize_t sent = send(fd, huge, sizeof(huge) - 1, MSG_NOSIGNAL);
		ssize_t got = recv(fd, reply, sizeof(reply) - 1, 0);

		assert_true(sent > 0);
		assert_true(got <= 0 || strstr(reply, " 4") != NULL); /* 414, 431, or reset */
		close(fd);
	}
	assert_non_null(strstr(ask(s, "GET /metrics" END), "gapless_test_total"));
	for (int i = 0; i < SILENT; i++)
		close(fds[i]);
	service_free(s);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static char *hear(int fd)
{
	static char reply[4096];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(reply) - 1 && (got = read(fd, reply + n, sizeof(reply) - 1 - n)) > 0)
		n += (size_t)got;
	reply[n] = '\0';
	close(fd);
	return reply;
}

/* Those beyond the limit wait until another one leaves, however long that takes. */
static void waits_for_a_connection(void **state)
{
	struct service *s = started("127.0.0.1:0");
	int fds[HTTPD_CONNECTIONS], last;

	(void)state;
	for (int i = 0; i < HTTPD_CONNECTIONS; i++)
		fds[i] = connected(s);
	last = connected(s);
	say(last, "GET /hello?name=Kim" END);
	close(fds[HTTPD_CONNECTIONS - 1]);
	assert_non_null(strstr(hear(last), "hello Kim"));
	for (int i = 0; i < HTTPD_CONNECTIONS - 1; i++)
		close(fds[i]);
	service_free(s);
}

/* However many ask, it costs one answer at a time. */
static void answers_in_turn(void **state)
{
	enum { ASKERS = 8 };
	struct service *s = started("127.0.0.1:0");
	int fds[ASKERS];

	(void)state;
	for (int i = 0; i < ASKERS; i++) {
		fds[i] = connected(s);
		say(fds[i], "GET /counted" END);
	}
	for (int i = 0; i < ASKERS; i++)
		assert_non_null(strstr(hear(fds[i]), "counted nobody"));
	assert_int_equal(atomic_load(&counted_most), 1);
	service_free(s);
}

/* What takes long is waited for by those alone that asked for it; what is too much is refused. */
static void takes_long(void **state)
{
	enum { ASKERS = HTTPD_SLOW_MAX + 1 };
	struct service *s = started("127.0.0.1:0");
	int fds[ASKERS];
	char *reply;

	(void)state;
	pthread_mutex_lock(&slow_lock);
	for (int i = 0; i < ASKERS; i++) {
		fds[i] = connected(s);
		say(fds[i], "GET /slow?name=Kim" END);
	}
	do /* one is being answered and HTTPD_SLOW_MAX wait, as soon as all were read */
		reply = ask(s, "GET /hello" END);
	while (strstr(reply, "hello nobody") == NULL);
	for (int refused = 0; !refused;) {
		int fd = connected(s);
		struct timeval soon = {.tv_usec = 100000};

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
		say(fd, "GET /slow" END);
		refused = strstr(hear(fd), "HTTP/1.1 503") != NULL;
	}
	assert_non_null(strstr(ask(s, "GET /livez" END), "HTTP/1.1 200"));
	pthread_mutex_unlock(&slow_lock);
	assert_non_null(strstr(hear(fds[0]), "slow Kim"));
	for (int i = 1; i < ASKERS; i++)
		assert_non_null(strstr(hear(fds[i]), "HTTP/1.1"));
	assert_int_equal(service_free(s), 1);
}

/* At the end, what is being done is waited for, and what waits is given up. */
static void ends(void **state)
{
	struct service *s = started("127.0.0.1:0");
	int first = connected(s), second = connected(s);

	(void)state;
	sem_init(&slow_began, 0, 0);
	pthread_mutex_lock(&slow_lock);
	say(first, "GET /slow" END);
	say(second, "GET /slow" END);
	assert_int_equal(sem_wait(&slow_began), 0);
	assert_int_equal(service_free(s), 0); /* it hangs: nothing is freed */
	pthread_mutex_unlock(&slow_lock);
	assert_int_equal(service_free(s), 1);
	hear(first); /* whatever it heard: both connections are closed */
	hear(second);
}

/* What the service manager hears, the next datagram; "" if there is none. */
static const char *heard(int fd)
{
	static char state[256];
	ssize_t n = recv(fd, state, sizeof(state) - 1, MSG_DONTWAIT);

	state[n > 0 ? n : 0] = '\0';
	return state;
}

static int manager(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, path, len);
	if (path[0] == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
			 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void tells_the_manager(void **state)
{
	static const char *const waits = "waiting for Kafka";
	char paths[2][64];

	(void)state;
	snprintf(paths[0], sizeof(paths[0]), "@gapless-test-%d", (int)getpid());
	snprintf(paths[1], sizeof(paths[1]), "/tmp/gapless-test-%d", (int)getpid());
	for (size_t i = 0; i < 2; i++) {
		int fd = manager(paths[i]);
		struct service *s = started("off");

		service_ready(s, waits);
		assert_string_equal(heard(fd), "STATUS=waiting for Kafka");
		service_ready(s, waits); /* said already */
		service_beat(s, 1000);
		assert_string_equal(heard(fd), "WATCHDOG_USEC=60000000");
		service_beat(s, 1000 + SERVICE_KEEPALIVE_MS - 1);
		assert_string_equal(heard(fd), "");
		service_beat(s, 1000 + SERVICE_KEEPALIVE_MS);
		assert_string_equal(heard(fd), "WATCHDOG=1");
		service_ready(s, NULL);
		assert_string_equal(heard(fd), "STATUS=working");
		service_free(s);
		close(fd);
		notify_send("READY=1"); /* nobody is there: nothing happens */
	}
	unlink(paths[1]);
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves),
		cmocka_unit_test(health),
		cmocka_unit_test(off_or_taken),
		cmocka_unit_test(addresses),
		cmocka_unit_test(the_setting),
		cmocka_unit_test(hostile),
		cmocka_unit_test(tells_the_manager),
		cmocka_unit_test(waits_for_a_connection),
		cmocka_unit_test(answers_in_turn),
		cmocka_unit_test(takes_long),
		cmocka_unit_test(ends),
	};

	log_open("test", LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
