/* SPDX-License-Identifier: MIT */
/* Answers onto the wire: plain, gzip, or broken on order. */

#include "request.h"

#include "control.h"
#include "gzip.h"
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGE_BYTES   (1ULL << 30)
#define STREAM_BLOCK 65536
#define BOMB_BLOCK   1024 /* a MiB of blanks: others need not wait for more */
#define DRIP_MS      1000

/* A body that is not sent in one piece. */
struct stream {
	struct request *request; /* alive while the stream is read */
	enum fault_kind kind;
	struct text body;
	size_t at, stop; /* sent, and where it breaks off */
	uint64_t blanks; /* still to come behind it */
	int64_t next_ms;
	struct gzip_stream *gzip;
	struct truth *truth;
};

static void stream_free(void *cls)
{
	struct stream *s = cls;

	text_release(&s->body);
	gzip_stream_free(s->gzip);
	truth_free(s->truth);
	free(s);
}

static ssize_t drip(struct stream *s, char *out)
{
	int64_t now_ms = clock_mono_ms();

	if (s->request->aborted)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (now_ms < s->next_ms) {
		request_wait(s->request, s->next_ms);
		return 0;
	}
	s->next_ms = now_ms + DRIP_MS;
	*out = s->body.data[s->at++];
	return 1;
}

static ssize_t stream_read(void *cls, uint64_t pos, char *out, size_t size)
{
	struct stream *s = cls;
	size_t n;

	(void)pos;
	if (s->truth != NULL) {
		n = truth_read(s->truth, out, size);
		return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
	}
	if (s->gzip != NULL) {
		n = gzip_stream_blanks(s->gzip, out, size < BOMB_BLOCK ? size : BOMB_BLOCK,
				       &s->blanks);
		return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
	}
	if (s->at < s->stop && s->kind == FAULT_DRIP)
		return drip(s, out);
	n = s->stop - s->at < size ? s->stop - s->at : size;
	if (n > 0) {
		memcpy(out, s->body.data + s->at, n);
		s->at += n;
		return (ssize_t)n;
	}
	if (s->kind == FAULT_TRUNCATE || s->kind == FAULT_TRUNCATE_CHUNKED)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = s->blanks < size ? (size_t)s->blanks : size;
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	memset(out, ' ', n);
	s->blanks -= n;
	return (ssize_t)n;
}

/* The answer of a fault that needs a stream; NULL: none does. Takes the body. */
static struct MHD_Response *stream_response(struct request *r)
{
	static const enum fault_kind streamed[] = {FAULT_TRUNCATE, FAULT_TRUNCATE_CHUNKED,
						   FAULT_DRIP, FAULT_HUGE, FAULT_BOMB};
	const struct fault_set *f = &r->call.faults;
	struct stream *s;
	uint64_t size;
	size_t i;

	for (i = 0; i < sizeof(streamed) / sizeof(streamed[0]) && !fault_is(f, streamed[i]); i++)
		;
	if (i == sizeof(streamed) / sizeof(streamed[0]))
		return NULL;
	s = room_new(1, sizeof(*s));
	s->request = r;
	s->kind = streamed[i];
	s->body.data = text_take(&r->answer.body, &s->body.len);
	s->stop = s->body.len;
	size = s->body.len;
	if (s->kind == FAULT_TRUNCATE || s->kind == FAULT_TRUNCATE_CHUNKED)
		s->stop /= 2;
	if (s->kind == FAULT_HUGE || s->kind == FAULT_BOMB)
		s->blanks = HUGE_BYTES;
	if (s->kind == FAULT_BOMB)
		s->gzip = gzip_stream_new();
	if (s->kind != FAULT_TRUNCATE && s->kind != FAULT_DRIP)
		size = MHD_SIZE_UNKNOWN;
	return MHD_create_response_from_callback(size, STREAM_BLOCK, stream_read, s, stream_free);
}

static bool wants_gzip(struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");

	return accept != NULL && strstr(accept, "gzip") != NULL;
}

static uint64_t checksum(const struct text *t)
{
	uint64_t sum = 1469598103934665603ULL;

	for (size_t i = 0; i < t->len; i++)
		sum = (sum ^ (unsigned char)t->data[i]) * 1099511628211ULL;
	return sum;
}

static enum MHD_Result send_response(struct request *r, struct MHD_Response *response,
				     unsigned status)
{
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	result = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	r->stage = STAGE_QUEUED;
	return result;
}

static struct MHD_Response *whole_response(struct text *body)
{
	size_t len;
	char *data = text_take(body, &len);

	return MHD_create_response_from_buffer(
		len, data, data != NULL ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result request_reply(struct request *r)
{
	struct answer *a = &r->answer;
	bool bomb = fault_is(&r->call.faults, FAULT_BOMB);
	bool gzip = bomb || (wants_gzip(r->connection) && !fault_is(&r->call.faults, FAULT_HUGE));
	struct MHD_Response *response;
	char etag[32];

	request_log(r, a->status, a->rows);
	snprintf(etag, sizeof(etag), "W/\"%016llx\"", (unsigned long long)checksum(&a->body));
	if (gzip && !bomb)
		gzip_text(&a->body);
	response = stream_response(r);
	if (response == NULL)
		response = whole_response(&a->body);
	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", a->type);
	MHD_add_response_header(response, "Limit-By-Ip", "Yes");
	MHD_add_response_header(response, "Cache-Control",
				"no-cache, no-store, max-age=0, must-revalidate");
	MHD_add_response_header(response, "Etag", etag);
	if (gzip)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (a->date[0] != '\0')
		MHD_add_response_header(response, "Date", a->date);
	if (a->remaining[0] != '\0')
		MHD_add_response_header(response, "Remaining-Req", a->remaining);
	return send_response(r, response, a->status);
}

static const char *get_value(void *cls, const char *name)
{
	const char *value = NULL;

	if (MHD_lookup_connection_value_n(cls, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value,
					  NULL) != MHD_YES)
		return NULL;
	return value != NULL ? value : "";
}

struct unknown_search {
	const char *const *known;
	const char *found;
};

static enum MHD_Result search_unknown(void *cls, enum MHD_ValueKind kind, const char *key,
				      const char *value)
{
	struct unknown_search *search = cls;

	(void)kind;
	(void)value;
	for (const char *const *k = search->known; *k != NULL; k++)
		if (strcmp(*k, key) == 0)
			return MHD_YES;
	search->found = key;
	return MHD_NO;
}

static const char *unknown_parameter(void *cls, const char *const *known)
{
	struct unknown_search search = {.known = known};

	MHD_get_connection_values(cls, MHD_GET_ARGUMENT_KIND, search_unknown, &search);
	return search.found;
}

struct query request_query(struct request *r)
{
	return (struct query){.get = get_value, .cls = r->connection};
}

enum MHD_Result request_control(struct request *r, const char *path)
{
	const struct control_query q = {.query = request_query(r), .unknown = unknown_parameter};
	struct control_answer a;
	struct MHD_Response *response;
	char date[UTC_TEXT];

	control_handle(request_exchange(r), path, &q, &a);
	request_log(r, a.status, 0);
	if (a.truth != NULL) {
		struct stream *s = room_new(1, sizeof(*s));

		s->truth = a.truth;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
							     stream_read, s, stream_free);
	} else {
		response = whole_response(&a.body);
	}
	text_release(&a.body);
	if (response == NULL)
		return MHD_NO;
	utc_format_http(date, sandbox_clock_ms(&request_exchange(r)->clock));
	MHD_add_response_header(response, "Date", date);
	MHD_add_response_header(response, "Content-Type", a.type);
	return send_response(r, response, a.status);
}
