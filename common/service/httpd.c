/* SPDX-License-Identifier: MIT */
#include "common/service/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

enum { CONNECTIONS = 64, SILENCE_S = 10, REQUEST_BYTES = 16 << 10, ADDRESS_BYTES = 80 };

struct httpd {
	struct MHD_Daemon *daemon;
	struct httpd_route *routes;
	size_t n;
	char address[ADDRESS_BYTES];
};

struct httpd_request {
	struct MHD_Connection *connection;
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

	/* The body is the response's from here on. */
	response = MHD_create_response_from_buffer(reply->body.len, reply->body.data,
						   MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		buf_release(&reply->body);
		return MHD_NO;
	}
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
	for (size_t i = 0; i < h->n; i++)
		if (h->routes[i].help != NULL &&
		    buf_printf(&reply->body, "%-12s %s\n", h->routes[i].path, h->routes[i].help) !=
			    0)
			return;
}

static void answer_path(const struct httpd *h, const char *path,
			const struct httpd_request *request, struct httpd_reply *reply)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->routes[i].path, path) == 0) {
			h->routes[i].answer(h->routes[i].opaque, request, reply);
			return;
		}
	if (strcmp(path, "/") == 0)
		list_routes(h, reply);
	else
		reply_text(reply, 404, "There is nothing at this path; / lists what there is.");
}

static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	static int seen;
	struct httpd_request request = {.connection = connection};
	struct httpd_reply reply = {.status = 200,
				    .content_type = "text/plain; charset=utf-8",
				    .policy = "default-src 'none'"};

	(void)version;
	(void)upload;
	if (*state == NULL) { /* the headers are there; MHD calls again for the reply */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_size > 0) { /* a body nobody asked for */
		*upload_size = 0;
		return MHD_YES;
	}
	buf_init(&reply.body, HTTPD_REPLY_BYTES);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		reply_text(&reply, 405, "Only GET and HEAD are answered here.");
	else
		answer_path(opaque, path, &request, &reply);
	return send_reply(connection, &reply);
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

struct httpd *httpd_new(const char *listen, const struct httpd_route *routes, struct err *err)
{
	struct httpd *h;
	struct addrinfo *address = resolve(listen, err);
	unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD;

	if (address == NULL)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	while (routes[h->n].path != NULL)
		h->n++;
	h->routes = xreallocarray(NULL, h->n + 1, sizeof(*routes));
	memcpy(h->routes, routes, h->n * sizeof(*routes));
	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
				     address->ai_addr, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
				     (unsigned)SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				     (size_t)REQUEST_BYTES, MHD_OPTION_END);
	if (h->daemon == NULL) {
		err_set(err, ERR_RETRY, "the address %s cannot be listened on: %s", listen,
			errno != 0 ? strerror(errno) : "it is taken or not this machine's");
		freeaddrinfo(address);
		free(h->routes);
		free(h);
		return NULL;
	}
	address_write(h, address);
	freeaddrinfo(address);
	return h;
}

void httpd_free(struct httpd *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->daemon);
	free(h->routes);
	free(h);
}

const char *httpd_address(const struct httpd *h)
{
	return h->address;
}
