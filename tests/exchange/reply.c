/* SPDX-License-Identifier: MIT */
/* Answers onto the wire: plain, or gzip. */

#include "request.h"

#include "control.h"
#include "gzip.h"
#include "stream.h"

#include <stdio.h>
#include <string.h>

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
	response = stream_fault(r);
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
	if (a->retry_after[0] != '\0')
		MHD_add_response_header(response, "Retry-After", a->retry_after);
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
		response = stream_truth(a.truth);
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
