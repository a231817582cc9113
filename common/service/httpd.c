/* SPDX-License-Identifier: MIT */
#include "common/service/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/alloc.h"

enum { SILENCE_S = 10, REQUEST_BYTES = 16 << 10, ADDRESS_BYTES = 80 };

struct httpd {
	struct MHD_Daemon *daemon;
	/* Held while a route answers: however many ask, what they cost is one answer at a time. */
	pthread_mutex_t quick, slow;
	atomic_int slow_n; /* requests that hold `slow` or wait for it */
	atomic_int is_ending;
	const struct httpd_route *routes;
	char address[ADDRESS_BYTES];
};

struct httpd_request {
	struct MHD_Connection *connection;
	struct httpd_reply reply;
};

const char *httpd_query(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *httpd_header(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* --- replies */

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct httpd_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	response = MHD_create_response_from_buffer(reply->body.len, reply->body.data,
						   MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		return MHD_NO;
	buf_init(&reply->body, HTTPD_REPLY_BYTES); /* it is the response's now */
	if (MHD_add_response_header(response, "Content-Type", reply->content_type) == MHD_YES &&
	    MHD_add_response_header(response, "Content-Security-Policy", reply->policy) ==
		    MHD_YES &&
	    MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES &&
	    MHD_add_response_header(response, "Referrer-Policy", "no-referrer") == MHD_YES &&
	    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES)
		result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static void reply_text(struct httpd_reply *reply, unsigned status, const char *text)
{
	reply->status = status;
	buf_clear(&reply->body);
	if (buf_printf(&reply->body, "%s\n", text) != 0)
		reply->status = 500;
}

static void list_routes(const struct httpd *h, struct httpd_reply *reply)
{
	for (const struct httpd_route *r = h->routes; r->path != NULL; r++)
		if (r->help != NULL &&
		    buf_printf(&reply->body, "%-12s %s\n", r->path, r->help) != 0)
			return;
}

static const struct httpd_route *route_of(const struct httpd *h, const char *path)
{
	for (const struct httpd_route *r = h->routes; r->path != NULL; r++)
		if (strcmp(r->path, path) == 0)
			return r;
	return NULL;
}

static void answer_in_turn(struct httpd *h, pthread_mutex_t *turn, const struct httpd_route *route,
			   struct httpd_request *request)
{
	pthread_mutex_lock(turn);
	if (atomic_load(&h->is_ending))
		reply_text(&request->reply, 503, "The program is ending.");
	else
		route->answer(route->opaque, request, &request->reply);
	pthread_mutex_unlock(turn);
}

static void answer_slowly(struct httpd *h, const struct httpd_route *route,
			  struct httpd_request *request)
{
	if (atomic_fetch_add(&h->slow_n, 1) > HTTPD_SLOW_MAX)
		reply_text(&request->reply, 503, "Too many ask at the same time; try again.");
	else
		answer_in_turn(h, &h->slow, route, request);
	atomic_fetch_sub(&h->slow_n, 1);
}

static void answer_path(struct httpd *h, const char *path, struct httpd_request *request)
{
	const struct httpd_route *route = route_of(h, path);

	if (route == NULL && strcmp(path, "/") == 0)
		list_routes(h, &request->reply);
	else if (route == NULL)
		reply_text(&request->reply, 404,
			   "There is nothing at this path; / lists what there is.");
	else if (route->slow)
		answer_slowly(h, route, request);
	else
		answer_in_turn(h, &h->quick, route, request);
}

/* MHD calls when the headers are there, for each piece of a body, and for the reply. */
static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	struct httpd_request request = {.connection = connection,
					.reply = {.status = 200,
						  .content_type = "text/plain; charset=utf-8",
						  .policy = "default-src 'none'"}};
	enum MHD_Result result;

	(void)version;
	(void)upload;
	if (*state == NULL || *upload_size > 0) { /* a body nobody asked for */
		*state = opaque;
		*upload_size = 0;
		return MHD_YES;
	}
	buf_init(&request.reply.body, HTTPD_REPLY_BYTES);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		reply_text(&request.reply, 405, "Only GET and HEAD are answered here.");
	else
		answer_path(opaque, path, &request);
	result = send_reply(connection, &request.reply);
	buf_release(&request.reply.body);
	return result;
}

/* --- the address */

/* The caller frees *out with freeaddrinfo(). Numeric addresses only: no name look-up can block. */
static struct addrinfo *resolve(const char *listen, struct err *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	const char *host = listen, *colon = strrchr(listen, ':');
	const char *port = colon != NULL ? colon + 1 : listen;
	size_t len = colon != NULL ? (size_t)(colon - listen) : 0;
	struct addrinfo *out = NULL;
	char text[ADDRESS_BYTES];

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len == 0)
		snprintf(text, sizeof(text), "127.0.0.1");
	else
		snprintf(text, sizeof(text), "%.*s", (int)len, host);
	if (len < sizeof(text) && *port != '\0' && strspn(port, "0123456789") == strlen(port) &&
	    strtol(port, NULL, 10) <= 65535 && getaddrinfo(text, port, &hints, &out) == 0)
		return out;
	err_set(err, ERR_FATAL,
		"'%s' is not an address to listen on; give a numeric ADDRESS:PORT, as in "
		"127.0.0.1:9464, or a PORT for loopback alone",
		listen);
	return NULL;
}

int httpd_check_address(const char *listen, struct err *err)
{
	struct addrinfo *address = resolve(listen, err);

	if (address == NULL)
		return -1;
	freeaddrinfo(address);
	return 0;
}

static void address_write(struct httpd *h, const struct addrinfo *address)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
	char host[INET6_ADDRSTRLEN] = "";

	getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), NULL, 0,
		    NI_NUMERICHOST);
	snprintf(h->address, sizeof(h->address),
		 address->ai_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
		 info != NULL ? (unsigned)info->port : 0U);
}

/* --- up and down */

static int start(struct httpd *h, const char *listen, const struct addrinfo *address,
		 struct err *err)
{
	/* With select() and a pipe to wake it, and with nothing else, a client beyond the limit
	 * waits until another one leaves; with poll() libmicrohttpd closes on it. */
	unsigned flags =
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;

	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
				     address->ai_addr, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)HTTPD_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
				     (unsigned)SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				     (size_t)REQUEST_BYTES, MHD_OPTION_END);
	if (h->daemon == NULL)
		return err_set(err, ERR_RETRY, "the address %s cannot be listened on: %s", listen,
			       errno != 0 ? strerror(errno) : "it is taken or not this machine's");
	address_write(h, address);
	return 0;
}

struct httpd *httpd_new(const char *listen, const struct httpd_route *routes, struct err *err)
{
	struct addrinfo *address = resolve(listen, err);
	struct httpd *h;

	if (address == NULL)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	pthread_mutex_init(&h->quick, NULL);
	pthread_mutex_init(&h->slow, NULL);
	h->routes = routes;
	if (start(h, listen, address, err) != 0) {
		httpd_free(h);
		h = NULL;
	}
	freeaddrinfo(address);
	return h;
}

int httpd_free(struct httpd *h)
{
	struct timespec until;

	if (h == NULL)
		return 1;
	/* First, since MHD waits for what is being answered, however long it takes. */
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += HTTPD_STOP_S;
	atomic_store(&h->is_ending, 1);
	if (pthread_mutex_clocklock(&h->slow, CLOCK_MONOTONIC, &until) != 0)
		return 0;
	pthread_mutex_unlock(&h->slow);
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon);
	pthread_mutex_destroy(&h->quick);
	pthread_mutex_destroy(&h->slow);
	free(h);
	return 1;
}

const char *httpd_address(const struct httpd *h)
{
	return h->address;
}
