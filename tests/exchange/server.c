/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "request.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define IDLE_SECONDS    75
#define CONNECTIONS     1000
#define LONGEST_POLL_MS 60000
#define HANG_LOOK_MS    500

/* An open connection. */
struct link {
	struct MHD_Connection *connection;
	bool api;         /* it has asked for /v1 */
	unsigned answers; /* that it has brought */
	struct link *next, **at;
};

struct server {
	struct exchange *exchange;
	struct MHD_Daemon *daemon; /* NULL while connections are refused */
	struct sockaddr_in address;
	struct request *waiting;
	struct link *links;
};

struct exchange *request_exchange(const struct request *r)
{
	return r->server->exchange;
}

void request_wait(struct request *r, int64_t due_ms)
{
	r->due_ms = due_ms;
	r->waiting = true;
	r->next_waiting = r->server->waiting;
	r->server->waiting = r;
	MHD_suspend_connection(r->connection);
}

/* Resumes those whose time has come; all: every one, to be closed. Returns when the next is due. */
static int64_t resume_waiting(struct server *s, int64_t now_ms, bool all)
{
	struct request **at = &s->waiting;
	int64_t next_ms = INT64_MAX;

	while (*at != NULL) {
		struct request *r = *at;

		r->aborted = r->aborted || all;
		if (!r->aborted && r->due_ms > now_ms) {
			next_ms = r->due_ms < next_ms ? r->due_ms : next_ms;
			at = &r->next_waiting;
			continue;
		}
		*at = r->next_waiting;
		r->waiting = false;
		MHD_resume_connection(r->connection);
	}
	return next_ms;
}

/* Disconnecting a TCP socket (connect to AF_UNSPEC) sends RST. */
void connection_reset(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	if (info != NULL && connect(info->connect_fd, &nowhere, sizeof(nowhere)) != 0)
		shutdown(info->connect_fd, SHUT_RDWR);
}

/* Both ways, without a word before: the client sees the end of the connection. */
static void connection_close(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info != NULL)
		shutdown(info->connect_fd, SHUT_RDWR);
}

void request_log(const struct request *r, unsigned status, size_t rows)
{
	const struct exchange *ex = r->server->exchange;
	char real[UTC_TEXT], sandbox[UTC_TEXT];

	if (ex->log == NULL)
		return;
	utc_format(real, clock_real_ms(), 'T', true);
	utc_format(sandbox, sandbox_clock_ms(&ex->clock), 'T', true);
	fprintf(ex->log, "%sZ sandbox=%sZ status=%u rows=%zu us=%lld", real, sandbox, status, rows,
		(long long)(clock_mono_us() - r->arrived_us));
	for (unsigned i = 0; i < FAULTS; i++)
		if (fault_is(&r->call.faults, (enum fault_kind)i))
			fprintf(ex->log, " fault=%s", fault_name((enum fault_kind)i));
	fprintf(ex->log, " %s\n", r->uri);
}

static enum MHD_Result answer_api(struct request *r)
{
	if (r->aborted)
		return MHD_NO;
	if (r->stage != STAGE_HELD)
		api_answer(request_exchange(r), &r->call, &r->answer);
	if (r->stage != STAGE_HELD && fault_is(&r->call.faults, FAULT_HOLD)) {
		r->stage = STAGE_HELD;
		request_wait(r, clock_mono_ms() + fault_value(&r->call.faults, FAULT_HOLD));
		return MHD_YES;
	}
	return request_reply(r);
}

static struct link *link_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void mark_api(struct request *r)
{
	struct link *l = link_of(r->connection);

	if (l != NULL && !l->api) {
		l->api = true;
		stats_connection(&request_exchange(r)->stats, true);
	}
}

static bool is_reset(const struct request *r)
{
	const struct fault_set *f = &r->call.faults;
	const struct link *l = link_of(r->connection);

	return fault_is(f, FAULT_RESET) || fault_is(f, FAULT_DOWN) ||
	       (fault_is(f, FAULT_RESET_REUSED) && l != NULL &&
		l->answers >= fault_value(f, FAULT_RESET_REUSED));
}

/* Whether the client is gone: while it waits for us, it sends nothing. */
static bool is_closed(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	char byte;
	ssize_t n;

	if (info == NULL)
		return true;
	n = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* Never answers; looks from time to time whether anybody still waits. */
static enum MHD_Result hang(struct request *r)
{
	if (r->aborted || is_closed(r->connection))
		return MHD_NO;
	r->stage = STAGE_HUNG;
	request_wait(r, clock_mono_ms() + HANG_LOOK_MS);
	return MHD_YES;
}

/* A call of /v1 has come: it counts now, and is answered after its delay. */
static enum MHD_Result arrive_api(struct request *r, const char *path)
{
	struct exchange *ex = request_exchange(r);
	const struct query q = request_query(r);
	int64_t delay_ms = ex->delay_min_ms;

	mark_api(r);
	api_arrive(ex, path, &q,
		   MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Origin") != NULL,
		   &r->call);
	if (is_reset(r)) {
		request_log(r, 0, 0);
		connection_reset(r->connection);
		return MHD_NO;
	}
	if (fault_is(&r->call.faults, FAULT_HANG)) {
		request_log(r, 0, 0);
		return hang(r);
	}
	if (ex->delay_max_ms > ex->delay_min_ms)
		delay_ms +=
			(int64_t)(exchange_random(ex) * (ex->delay_max_ms - ex->delay_min_ms + 1));
	delay_ms += fault_value(&r->call.faults, FAULT_DELAY);
	if (delay_ms <= 0)
		return answer_api(r);
	r->stage = STAGE_DELAYED;
	request_wait(r, clock_mono_ms() + delay_ms);
	return MHD_YES;
}

static enum MHD_Result answer_plain(struct request *r, unsigned status, const char *words)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(words), (void *)(uintptr_t)words, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	result = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	r->stage = STAGE_QUEUED;
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **context)
{
	struct request *r = *context;

	(void)cls;
	(void)version;
	(void)upload;
	if (r->aborted)
		return MHD_NO;
	if (r->stage == STAGE_NEW) {
		r->connection = connection;
		r->stage = STAGE_READ;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (r->stage == STAGE_DELAYED || r->stage == STAGE_HELD)
		return r->waiting ? MHD_YES : answer_api(r);
	if (r->stage == STAGE_HUNG)
		return r->waiting ? MHD_YES : hang(r);
	if (r->stage == STAGE_QUEUED)
		return MHD_YES;
	if (strncmp(path, "/control", 8) == 0)
		return request_control(r, path);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return answer_plain(r, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
	return arrive_api(r, path);
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct request *r = room_new(1, sizeof(*r));
	size_t len = strlen(uri) + 1;

	r->server = cls;
	r->connection = connection;
	r->uri = room_new(len, 1);
	memcpy(r->uri, uri, len);
	r->arrived_us = clock_mono_us();
	return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct request *r = *context;
	struct link *l = link_of(connection);

	(void)cls;
	if (r == NULL)
		return;
	if (l != NULL && code == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
	    ++l->answers >= fault_value(&r->call.faults, FAULT_CLOSE_AFTER) &&
	    fault_is(&r->call.faults, FAULT_CLOSE_AFTER))
		connection_close(connection);
	text_release(&r->answer.body);
	free(r->uri);
	free(r);
	*context = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *s = cls;
	struct link *l = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		l = room_new(1, sizeof(*l));
		l->connection = connection;
		l->next = s->links;
		l->at = &s->links;
		if (l->next != NULL)
			l->next->at = &l->next;
		s->links = l;
		*context = l;
	} else if (l != NULL) {
		*l->at = l->next;
		if (l->next != NULL)
			l->next->at = l->at;
		if (l->api)
			stats_connection(&s->exchange->stats, false);
		free(l);
		*context = NULL;
	}
}

static bool server_listen(struct server *s)
{
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL,
		NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &s->address, MHD_OPTION_URI_LOG_CALLBACK,
		on_uri, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_END);
	return s->daemon != NULL;
}

static void server_stop(struct server *s)
{
	if (s->daemon == NULL)
		return;
	resume_waiting(s, 0, true);
	MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
}

struct server *server_new(struct exchange *ex, const char *bind, uint16_t port, struct text *error)
{
	struct server *s = room_new(1, sizeof(*s));

	s->exchange = ex;
	s->address.sin_family = AF_INET;
	s->address.sin_port = htons(port);
	if (inet_pton(AF_INET, bind, &s->address.sin_addr) != 1) {
		text_printf(error, "--bind %s is not an IPv4 address", bind);
	} else if (!server_listen(s)) {
		text_printf(error,
			    "port %u of %s cannot be listened on: %s; choose another with --port",
			    port, bind,
			    errno == EADDRINUSE ? "something else does" : strerror(errno));
	} else {
		s->address.sin_port =
			htons(MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
		return s;
	}
	free(s);
	return NULL;
}

uint16_t server_port(const struct server *s)
{
	return ntohs(s->address.sin_port);
}

void server_free(struct server *s)
{
	server_stop(s);
	free(s);
}

/* Closes and opens the listening socket as /control/refuse said. Returns when to look again; 0: it
 * failed. */
static int64_t follow_refusal(struct server *s)
{
	struct exchange *ex = s->exchange;
	int64_t now_ms = clock_real_ms();

	if (ex->refuse_until_ms == 0)
		return INT64_MAX;
	if (now_ms < ex->refuse_from_ms)
		return ex->refuse_from_ms - now_ms;
	if (now_ms < ex->refuse_until_ms) {
		server_stop(s);
		return ex->refuse_until_ms - now_ms;
	}
	ex->refuse_from_ms = ex->refuse_until_ms = 0;
	return s->daemon != NULL || server_listen(s) ? INT64_MAX : 0;
}

static void drop_connections(struct server *s)
{
	if (!s->exchange->drop_connections)
		return;
	s->exchange->drop_connections = false;
	for (struct request *r = s->waiting; r != NULL; r = r->next_waiting)
		r->aborted = true;
	for (struct link *l = s->links; l != NULL; l = l->next)
		if (l->api)
			connection_reset(l->connection);
}

bool server_run(struct server *s, int stop_fd)
{
	for (;;) {
		MHD_UNSIGNED_LONG_LONG busy_ms;
		int64_t now_ms = clock_mono_ms(), wait_ms = follow_refusal(s), due_ms;
		struct pollfd fds[2] = {{.fd = stop_fd, .events = POLLIN},
					{.fd = -1, .events = POLLIN}};

		if (wait_ms == 0)
			return false;
		drop_connections(s);
		due_ms = resume_waiting(s, now_ms, false);
		if (s->daemon != NULL) {
			MHD_run(s->daemon);
			fds[1].fd =
				MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
			if (MHD_get_timeout(s->daemon, &busy_ms) == MHD_YES &&
			    (int64_t)busy_ms < wait_ms)
				wait_ms = (int64_t)busy_ms;
		}
		/* MHD_run may have made others wait, or dropped what waited */
		for (const struct request *r = s->waiting; r != NULL; r = r->next_waiting)
			due_ms = r->due_ms < due_ms ? r->due_ms : due_ms;
		now_ms = clock_mono_ms();
		if (due_ms != INT64_MAX && due_ms - now_ms < wait_ms)
			wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
		if (s->exchange->drop_connections || s->exchange->refuse_until_ms != 0)
			wait_ms = wait_ms < 10 ? wait_ms : 10;
		wait_ms = wait_ms < LONGEST_POLL_MS ? wait_ms : LONGEST_POLL_MS;
		if (poll(fds, 2, (int)wait_ms) > 0 && (fds[0].revents & POLLIN))
			return true;
	}
}
