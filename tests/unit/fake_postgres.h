/* SPDX-License-Identifier: MIT */
/* A PostgreSQL that says what a test wants: enough of protocol 3 (manual, chapter "Frontend/Backend
 * Protocol") for libpq to connect and run statements, and then to misbehave in ways that a real
 * server does only by accident. One thread, one connection at a time. */
#ifndef GAPLESS_TESTS_FAKE_POSTGRES_H
#define GAPLESS_TESTS_FAKE_POSTGRES_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum fake_start {
	FAKE_WELCOME,
	FAKE_SILENT,  /* takes the connection and says nothing */
	FAKE_REFUSES, /* FATAL with `sqlstate` */
	FAKE_ASKS_PASSWORD,
};

struct fake {
	int fd, port;
	pthread_t thread;
	enum fake_start start;
	const char *sqlstate, *version;
	_Atomic int client;      /* the connection that is served, or -1 */
	_Atomic int connections; /* so far */
	_Atomic int prepared;    /* statements with a name, so far */
	char session[1024];      /* the last statement that came by the simple protocol */
};

static int fake_read(int fd, void *to, size_t n)
{
	for (ssize_t got; n > 0; n -= (size_t)got, to = (char *)to + got) {
		got = recv(fd, to, n, 0);
		if (got <= 0)
			return -1;
	}
	return 0;
}

static void fake_send(int fd, char type, const void *body, size_t n)
{
	unsigned char head[5] = {(unsigned char)type};
	uint32_t len = htonl((uint32_t)n + 4);

	memcpy(head + 1, &len, 4);
	if (send(fd, head, 5, MSG_NOSIGNAL | MSG_MORE) == 5)
		(void)!send(fd, body, n, MSG_NOSIGNAL);
}

static void fake_error(int fd, const char *severity, const char *sqlstate, const char *text)
{
	char body[2048];
	int n = snprintf(body, sizeof(body), "S%s%cV%s%cC%s%cM%s%cFx.c%cL7%cRf%c", severity, 0,
			 severity, 0, sqlstate, 0, text, 0, 0, 0, 0);

	body[n] = 0; /* the list's end */
	fake_send(fd, 'E', body, (size_t)n + 1);
}

static void fake_ready(int fd)
{
	fake_send(fd, 'Z', "I", 1);
}

static void fake_parameter(int fd, const char *name, const char *value)
{
	char body[128];
	int n = snprintf(body, sizeof(body), "%s%c%s", name, 0, value);

	fake_send(fd, 'S', body, (size_t)n + 1);
}

/* The start-up packet and its answer. 0 if statements may follow. */
static int fake_welcome(struct fake *f, int fd)
{
	uint32_t len;
	char packet[1024];

	if (fake_read(fd, &len, 4) || ntohl(len) > sizeof(packet) ||
	    fake_read(fd, packet, ntohl(len) - 4))
		return -1;
	if (f->start == FAKE_SILENT)
		return fake_read(fd, packet, 1);
	if (f->start == FAKE_ASKS_PASSWORD) {
		fake_send(fd, 'R', "\0\0\0\3", 4);
		return fake_read(fd, packet, 1);
	}
	if (f->start == FAKE_REFUSES) {
		fake_error(fd, "FATAL", f->sqlstate, "no way: not today");
		return -1;
	}
	fake_send(fd, 'R', "\0\0\0\0", 4);
	fake_parameter(fd, "server_version", f->version);
	fake_parameter(fd, "client_encoding", "UTF8");
	fake_parameter(fd, "in_hot_standby", "off");
	fake_parameter(fd, "default_transaction_read_only", "off");
	fake_send(fd, 'K', "\0\0\0\1\0\0\0\2", 8);
	fake_ready(fd);
	return 0;
}

/* How many statements `busy` fail before one succeeds. */
static _Atomic int fake_busy;

/* A statement of the extended protocol; its text is the command. Returns -1 if the connection
 * ends. */
static int fake_execute(int fd, const char *sql)
{
	static const char done[] = "INSERT 0 1";
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	if (strncmp(sql, "refuse ", 7) == 0) { /* in the words that follow */
		fake_error(fd, "ERROR", "23514", sql + 7);
		fake_ready(fd);
		return 0;
	}
	if (strncmp(sql, "fail ", 5) == 0) {
		fake_error(fd, "ERROR", sql + 5, "it\nfailed");
		fake_ready(fd);
		return 0;
	}
	if (strcmp(sql, "busy") == 0 && fake_busy > 0) {
		fake_busy--;
		fake_error(fd, "ERROR", "40001", "could not serialize access");
		fake_ready(fd);
		return 0;
	}
	if (strcmp(sql, "terminate") == 0) {
		fake_error(fd, "FATAL", "57P01",
			   "terminating connection due to administrator command");
		return -1;
	}
	if (strcmp(sql, "drop") == 0)
		return -1;
	if (strcmp(sql, "hang") == 0) {
		poll(&p, 1, 30000);
		return -1;
	}
	fake_send(fd, '1', "", 0);
	fake_send(fd, '2', "", 0);
	if (strcmp(sql, "copy") == 0) {
		fake_send(fd, 'G', "\0\0\0", 3);
		return 0;
	}
	fake_send(fd, 'n', "", 0);
	if (strcmp(sql, "notice") == 0)
		fake_send(fd, 'N', "SNOTICE\0VNOTICE\0C00000\0Mwell, well\0", 36);
	fake_send(fd, 'C', done, sizeof(done));
	fake_ready(fd);
	return 0;
}

/* Says nothing until the other side is gone. */
static int fake_wait(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	poll(&p, 1, 30000);
	return -1;
}

static int fake_skip(int fd, size_t n)
{
	char body[4096];

	for (size_t part; n > 0; n -= part) {
		part = n < sizeof(body) ? n : sizeof(body);
		if (fake_read(fd, body, part))
			return -1;
	}
	return 0;
}

/* COPY ... TO STDOUT of three rows; the text after COPY OUT is the command. Returns -1 if the
 * connection ends. */
static int fake_copy_out(int fd, const char *sql)
{
	if (strncmp(sql, "no ", 3) == 0) {
		fake_error(fd, "ERROR", sql + 3, "it\nfailed");
		fake_ready(fd);
		return 0;
	}
	fake_send(fd, 'H', "\1\0\0", 3);
	for (int i = 0; i < 3 && strcmp(sql, "none") != 0; i++) {
		fake_send(fd, 'd', "a row", 5);
		if (i == 1 && strcmp(sql, "drop") == 0)
			return -1;
		if (i == 1 && strcmp(sql, "hang") == 0)
			return fake_wait(fd);
	}
	if (strncmp(sql, "fail ", 5) == 0) {
		fake_error(fd, "ERROR", sql + 5, "it\nfailed");
	} else {
		fake_send(fd, 'c', "", 0);
		fake_send(fd, 'C', "COPY 3", 7);
	}
	fake_ready(fd);
	return 0;
}

/* COPY ... FROM STDIN; the text after COPY is the command. It has as many rows as messages of data
 * came. Returns -1 if the connection ends. */
static int fake_copy(int fd, const char *sql)
{
	char type = 0, done[32];
	uint32_t len;
	int n = 0;

	if (strncmp(sql, "no ", 3) == 0) {
		fake_error(fd, "ERROR", sql + 3, "it\nfailed");
		fake_ready(fd);
		return 0;
	}
	if (strcmp(sql, "hang") == 0)
		return fake_wait(fd);
	fake_send(fd, 'G', "\1\0\0", 3);
	if (strcmp(sql, "deaf") == 0)
		return fake_wait(fd);
	for (; fake_read(fd, &type, 1) == 0 && fake_read(fd, &len, 4) == 0 && type == 'd'; n++) {
		if (fake_skip(fd, ntohl(len) - 4) || strcmp(sql, "drop") == 0)
			return -1;
		if (strcmp(sql, "terminate") == 0) {
			fake_error(fd, "FATAL", "57P01",
				   "terminating connection due to administrator command");
			return -1;
		}
		/* as a server does: at once, and then it waits for the end of the data */
		if (n == 0 && strncmp(sql, "fail ", 5) == 0)
			fake_error(fd, "ERROR", sql + 5, "it\nfailed");
	}
	if (type != 'c' || strcmp(sql, "silent at the end") == 0)
		return fake_wait(fd);
	snprintf(done, sizeof(done), "COPY %d", n);
	if (strncmp(sql, "fail ", 5) != 0)
		fake_send(fd, 'C', done, strlen(done) + 1);
	fake_ready(fd);
	return 0;
}

static void fake_serve(struct fake *f, int fd)
{
	char type, before = 0, body[1024], sql[sizeof(body)] = "";
	uint32_t len;

	if (fake_welcome(f, fd))
		return;
	for (; fake_read(fd, &type, 1) == 0 && fake_read(fd, &len, 4) == 0; before = type) {
		size_t n = ntohl(len) - 4;

		/* As a backend that is stopped: what comes stays in the sockets until they are
		 * full. */
		if (type == 'B' && strcmp(sql, "deaf") == 0) {
			struct pollfd p = {.fd = fd, .events = POLLRDHUP};

			poll(&p, 1, 30000);
			return;
		}
		if (n > sizeof(body) || fake_read(fd, body, n))
			return;
		if (type == 'Q' && strncmp(body, "COPY OUT ", 9) == 0) {
			if (fake_copy_out(fd, body + 9))
				return;
		} else if (type == 'Q' && strncmp(body, "COPY ", 5) == 0) {
			if (fake_copy(fd, body + 5))
				return;
		} else if (type == 'Q') {
			snprintf(f->session, sizeof(f->session), "%s", body);
			fake_send(fd, 'C', "SET", 4);
			fake_send(fd, 'C', "SET", 4);
			fake_ready(fd);
		} else if (type == 'P') {
			f->prepared += *body != 0;
			snprintf(sql, sizeof(sql), "%s", body + strlen(body) + 1);
		} else if (type == 'S' && before == 'P' && strncmp(sql, "fail ", 5) != 0) {
			fake_send(fd, '1', "", 0);
			fake_ready(fd);
		} else if (type == 'X' || (type == 'S' && fake_execute(fd, sql))) {
			return;
		}
	}
}

static void *fake_run(void *arg)
{
	struct fake *f = arg;
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		f->client = fd;
		f->connections++;
		fake_serve(f, fd);
		f->client = -1;
		close(fd);
	}
	return NULL;
}

/* Listens on 127.0.0.<last>; port 0 takes a free one. */
static void fake_begin_at(struct fake *f, unsigned last, int port, enum fake_start start,
			  const char *sqlstate)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(0x7f000000u + last),
				 .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof(at);

	*f = (struct fake){.start = start, .sqlstate = sqlstate, .version = "15.4", .client = -1};
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(f->fd, (struct sockaddr *)&at, sizeof(at)) || listen(f->fd, 8) ||
	    getsockname(f->fd, (struct sockaddr *)&at, &len) ||
	    pthread_create(&f->thread, NULL, fake_run, f))
		_exit(97);
	f->port = ntohs(at.sin_port);
}

static inline void fake_begin(struct fake *f, enum fake_start start, const char *sqlstate)
{
	fake_begin_at(f, 1, 0, start, sqlstate);
}

static void fake_end(struct fake *f)
{
	shutdown(f->fd, SHUT_RDWR);
	shutdown(f->client, SHUT_RDWR); /* one that does not read sees no end */
	pthread_join(f->thread, NULL);
	close(f->fd);
}

/* Nothing of the machine's own may say where to connect. */
static void fake_environment(void)
{
	static const char *const names[] = {"PGHOST",
					    "PGPORT",
					    "PGSERVICE",
					    "PGPASSWORD",
					    "PGOPTIONS",
					    "PGCONNECT_TIMEOUT",
					    "PGTARGETSESSIONATTRS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
}

/* For one port, or two separated by a comma. */
static inline const char *conninfo_of(const char *ports, const char *more)
{
	static char text[256];

	snprintf(
		text, sizeof(text),
		"host=127.0.0.1%s port=%s user=me dbname=market sslmode=disable gssencmode=disable %s",
		strchr(ports, ',') ? ",127.0.0.1" : "", ports, more);
	return text;
}

static inline const char *port_of(const struct fake *f)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", f->port);
	return text;
}

#endif
