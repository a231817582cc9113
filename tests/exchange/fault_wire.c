/* SPDX-License-Identifier: MIT */
/* Bodies that are not sent in one piece: those that break off, that come too slowly, that do not
 * end; and the truth, which is long. */
#include "stream.h"

#include "gzip.h"
#include "request.h"
#include "text.h"
#include "truth.h"

#include <stdlib.h>
#include <string.h>

#define HUGE_BYTES   (1ULL << 30)
#define STREAM_BLOCK 65536
#define BOMB_BLOCK   1024 /* a MiB of blanks: others need not wait for more */
#define SLICE_MS     100  /* a slow body is sent in slices */

/* A body that is not sent in one piece. */
struct stream {
	struct request *request; /* alive while the stream is read */
	enum fault_kind kind;
	bool breaks; /* ends in the middle */
	struct text body;
	size_t at, stop;      /* sent, and where it breaks off */
	uint64_t blanks;      /* still to come behind it */
	uint64_t bytes_per_s; /* of a slow body */
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

/* One byte a second, or more of them in slices. */
static ssize_t drip(struct stream *s, char *out, size_t size)
{
	uint64_t slice = s->bytes_per_s * SLICE_MS / 1000;
	int64_t now_ms = clock_mono_ms();
	size_t n = slice > 0 ? (size_t)slice : 1;

	if (s->request->aborted)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (now_ms < s->next_ms) {
		request_wait(s->request, s->next_ms);
		return 0;
	}
	s->next_ms = now_ms + (slice > 0 ? SLICE_MS : 1000 / (int64_t)s->bytes_per_s);
	n = n < s->stop - s->at ? n : s->stop - s->at;
	n = n < size ? n : size;
	memcpy(out, s->body.data + s->at, n);
	s->at += n;
	return (ssize_t)n;
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
	if (s->at < s->stop && s->bytes_per_s > 0)
		return drip(s, out, size);
	n = s->stop - s->at < size ? s->stop - s->at : size;
	if (n > 0) {
		memcpy(out, s->body.data + s->at, n);
		s->at += n;
		return (ssize_t)n;
	}
	if (s->kind == FAULT_RESET_INSIDE)
		connection_reset(s->request->connection);
	if (s->breaks)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = s->blanks < size ? (size_t)s->blanks : size;
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	memset(out, ' ', n);
	s->blanks -= n;
	return (ssize_t)n;
}

struct MHD_Response *stream_fault(struct request *r)
{
	static const enum fault_kind streamed[] = {FAULT_TRUNCATE,     FAULT_TRUNCATE_CHUNKED,
						   FAULT_RESET_INSIDE, FAULT_SLOW,
						   FAULT_DRIP,         FAULT_HUGE,
						   FAULT_BOMB};
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
	s->breaks = s->kind <= FAULT_RESET_INSIDE;
	if (s->breaks)
		s->stop /= 2;
	if (s->kind == FAULT_SLOW || s->kind == FAULT_DRIP)
		s->bytes_per_s = s->kind == FAULT_SLOW ? (uint64_t)fault_value(f, FAULT_SLOW) : 1;
	if (s->kind == FAULT_HUGE || s->kind == FAULT_BOMB)
		s->blanks = HUGE_BYTES;
	if (s->kind == FAULT_BOMB)
		s->gzip = gzip_stream_new();
	if (s->kind == FAULT_TRUNCATE_CHUNKED || s->blanks > 0)
		size = MHD_SIZE_UNKNOWN;
	return MHD_create_response_from_callback(size, STREAM_BLOCK, stream_read, s, stream_free);
}

struct MHD_Response *stream_truth(struct truth *truth)
{
	struct stream *s = room_new(1, sizeof(*s));

	s->truth = truth;
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, s,
						 stream_free);
}
