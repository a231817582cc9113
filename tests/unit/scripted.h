/* SPDX-License-Identifier: MIT */
/* A server on loopback that answers as the path says, well or badly; a thread for each connection.
 * Include after cmocka.h. */
#ifndef GAPLESS_TEST_SCRIPTED_H
#define GAPLESS_TEST_SCRIPTED_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SCRIPTED_CONNECTIONS = 512, SCRIPTED_HEAD_BYTES = 4096 };

struct scripted {
	int fd, port;
	pthread_t thread, threads[SCRIPTED_CONNECTIONS];
	int fds[SCRIPTED_CONNECTIONS];
	int n; /* connections accepted */
	atomic_int open, most_open, served;
};

struct scripted_connection {
	struct scripted *server;
	int fd;
};

static inline int scripted_send(int fd, const void *data, size_t len)
{
	for (const char *at = data; len > 0;) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static inline int scripted_text(int fd, const char *text)
{
	return scripted_send(fd, text, strlen(text));
}

static inline void scripted_pause(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Waits for the client to go away. */
static inline int scripted_hang(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) > 0)
		;
	return -1;
}

static inline int scripted_body(int fd, const char *status, const char *headers, const void *body,
				size_t len)
{
	char head[1024];

	snprintf(
		head, sizeof(head),
		"HTTP/1.1 %s\r\nDate: Thu, 20 Feb 2020 11:19:00 GMT\r\n%sContent-Length: %zu\r\n\r\n",
		status, headers, len);
	return scripted_text(fd, head) < 0 ? -1 : scripted_send(fd, body, len);
}

/* A gzip stream of two million zero bytes, in 13 kB: fixed codes, a zero, then matches of 258 bytes
 * one back. */
static inline size_t scripted_bomb(unsigned char *out, size_t cap)
{
	static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	size_t bits = 0;

	memset(out, 0, cap);
	memcpy(out, header, sizeof(header));
	/* final block, type 01; literal 0 is 00110000; length 258 is 11000101, distance 1 is 00000
	 */
	for (const char *b = "110"
			     "00110000";
	     *b; b++, bits++)
		out[10 + bits / 8] |= (unsigned char)((*b == '1') << (bits % 8));
	for (int i = 0; i < 8000 && 10 + (bits + 32) / 8 < cap; i++)
		for (const char *b = "1100010100000"; *b; b++, bits++)
			out[10 + bits / 8] |= (unsigned char)((*b == '1') << (bits % 8));
	return 10 + bits / 8;
}

static inline int scripted_bad_size(int fd, const char *path)
{
	static char block[16384];

	if (strcmp(path, "/endless") == 0) {
		scripted_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		memset(block, ' ', sizeof(block));
		while (scripted_text(fd, "4000\r\n") == 0 &&
		       scripted_send(fd, block, sizeof(block)) == 0 &&
		       scripted_text(fd, "\r\n") == 0)
			;
		return -1;
	}
	if (strcmp(path, "/large") == 0)
		return scripted_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n") < 0
			       ? -1
			       : scripted_hang(fd);
	if (strcmp(path, "/bomb") == 0) {
		unsigned char bomb[16384];
		size_t len = scripted_bomb(bomb, sizeof(bomb));

		return scripted_body(fd, "200 OK", "Content-Encoding: gzip\r\n", bomb, len);
	}
	scripted_text(fd, "HTTP/1.1 200 OK\r\n");
	if (strcmp(path, "/many-lines") == 0)
		for (int i = 0; i < 200; i++)
			scripted_text(fd, "X-Line: 1\r\n");
	if (strcmp(path, "/large-head") == 0)
		for (int i = 0; i < 20; i++) {
			memset(block, 'x', 4096);
			scripted_text(fd, "X-Line: ");
			scripted_send(fd, block, 4096);
			scripted_text(fd, "\r\n");
		}
	return scripted_text(fd, "Content-Length: 2\r\n\r\n[]");
}

static inline int scripted_broken(int fd, const char *path)
{
	if (strcmp(path, "/cut") == 0) {
		scripted_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"market\":");
		return -1;
	}
	if (strcmp(path, "/cut-chunk") == 0) {
		scripted_text(fd,
			      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n");
		return -1;
	}
	if (strcmp(path, "/bad-chunk") == 0) {
		scripted_text(
			fd,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n");
		return -1;
	}
	if (strcmp(path, "/bad-gzip") == 0)
		return scripted_body(fd, "200 OK", "Content-Encoding: gzip\r\n", "not gzip at all",
				     15);
	if (strcmp(path, "/bad-encoding") == 0)
		return scripted_body(fd, "200 OK", "Content-Encoding: exi\r\n", "[]", 2);
	if (strcmp(path, "/no-http") == 0) {
		scripted_text(fd, "[]\r\n");
		return -1;
	}
	if (strcmp(path, "/drip") == 0) {
		scripted_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
		while (scripted_text(fd, " ") == 0)
			scripted_pause(100);
		return -1;
	}
	if (strcmp(path, "/trickle") == 0) {
		scripted_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
		while (scripted_text(fd, "                                ") == 0)
			scripted_pause(50);
		return -1;
	}
	if (strcmp(path, "/hang") == 0)
		return scripted_hang(fd);
	return -2; /* not one of these */
}

/* 0: answered, the connection stays; -1: it ends. */
static inline int scripted_answer(int fd, const char *path, const char *request)
{
	/* [] as a stored block */
	static const unsigned char gzip[] = {0x1f, 0x8b, 8,    0, 0,    0,    0,   0,   0,
					     3,    1,    2,    0, 0xfd, 0xff, '[', ']', 0x29,
					     0xbb, 0x4c, 0x0d, 2, 0,    0,    0};
	int result = scripted_broken(fd, path);

	if (result != -2)
		return result;
	if (strcmp(path, "/close") == 0)
		return -1;
	if (strcmp(path, "/echo") == 0)
		return scripted_body(fd, "200 OK", "Set-Cookie: a=b\r\n", request, strlen(request));
	if (strcmp(path, "/gzip") == 0)
		return scripted_body(fd, "200 OK", "Content-Encoding: gzip\r\n", gzip,
				     sizeof(gzip));
	if (strcmp(path, "/redirect") == 0)
		return scripted_body(fd, "302 Found", "Location: /echo\r\n", "", 0);
	if (strcmp(path, "/hints") == 0) {
		scripted_text(fd, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nDate: never\r\n\r\n");
		return scripted_body(fd, "200 OK", "", "[]", 2);
	}
	if (strcmp(path, "/trailer") == 0)
		return scripted_text(
			fd,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
			"2\r\n[]\r\n0\r\nX-Late: 1\r\n\r\n");
	if (strncmp(path, "/status/", 8) == 0)
		return scripted_body(fd, path + 8, "", "{}", 2);
	if (strncmp(path, "/delay/", 7) == 0) {
		scripted_pause(atoi(path + 7));
		return scripted_body(fd, "200 OK", "", "[]", 2);
	}
	if (strcmp(path, "/ok") == 0)
		return scripted_body(fd, "200 OK",
				     "Remaining-Req: group=candles; min=600; sec=9\r\n", "[]", 2);
	return scripted_bad_size(fd, path);
}

static inline void *scripted_serve(void *context)
{
	struct scripted_connection *c = context;
	struct scripted *s = c->server;
	int open = atomic_fetch_add(&s->open, 1) + 1, most = atomic_load(&s->most_open);
	char request[SCRIPTED_HEAD_BYTES], path[128];
	size_t len = 0;

	while (open > most && !atomic_compare_exchange_weak(&s->most_open, &most, open))
		;
	for (;;) {
		ssize_t n = recv(c->fd, request + len, sizeof(request) - 1 - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		request[len] = 0;
		if (!strstr(request, "\r\n\r\n"))
			continue;
		atomic_fetch_add(&s->served, 1);
		if (sscanf(request, "GET %127s", path) != 1 ||
		    scripted_answer(c->fd, path, request) < 0)
			break;
		len = 0;
	}
	shutdown(c->fd, SHUT_RDWR);
	atomic_fetch_sub(&s->open, 1);
	free(c);
	return NULL;
}

static inline void *scripted_accept(void *context)
{
	struct scripted *s = context;
	int fd;

	while (s->n < SCRIPTED_CONNECTIONS && (fd = accept(s->fd, NULL, NULL)) >= 0) {
		struct scripted_connection *c = malloc(sizeof(*c));

		if (!c)
			abort();
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		*c = (struct scripted_connection){s, fd};
		s->fds[s->n] = fd;
		if (pthread_create(&s->threads[s->n], NULL, scripted_serve, c) != 0)
			abort();
		s->n++;
	}
	return NULL;
}

static inline struct scripted *scripted_start(void)
{
	struct scripted *s = calloc(1, sizeof(*s));
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	assert_non_null(s);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->fd, 64), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, scripted_accept, s), 0);
	return s;
}

static inline void scripted_stop(struct scripted *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	for (int i = 0; i < s->n; i++)
		shutdown(s->fds[i], SHUT_RDWR);
	for (int i = 0; i < s->n; i++) {
		pthread_join(s->threads[i], NULL);
		close(s->fds[i]);
	}
	close(s->fd);
	free(s);
}

#endif
