/* SPDX-License-Identifier: MIT */
#include "halts.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

enum { SAY_MS = 60000, ASK_MS = 2000, LOOK_MS = 10000 };

struct halt {
	struct consumer_place at;
	int is_read; /* 0: it was found ahead of what is read, and of the rest nothing is known */
	int64_t appended_ms;
	char *value; /* as text of a bytea; owned */
	char why[512];
	struct log_throttle say;
};

struct halts {
	const struct options *options;
	struct halt *v; /* at most one of a partition */
	size_t n, cap;
	/* the question whether one was skipped */
	struct reader_job job;
	struct table_letter letter;
	size_t next;
	int64_t ask_due_ms;
	/* where the writer stands still, and since when */
	struct consumer_place late;
	int64_t late_since_ms;
	int is_looked;
};

struct halts *halts_new(const struct options *o)
{
	struct halts *h = xcalloc(1, sizeof *h);

	h->options = o;
	h->late.partition = -1;
	return h;
}

void halts_clear(struct halts *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].value);
	h->n = 0;
}

void halts_free(struct halts *h)
{
	halts_clear(h);
	free(h->v);
	free(h->letter.value);
	free(h);
}

static struct halt *find(const struct halts *h, int32_t partition)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].at.partition == partition)
			return &h->v[i];
	}
	return NULL;
}

static void drop(struct halts *h, struct halt *halt)
{
	free(halt->value);
	*halt = h->v[--h->n];
}

/* As the database reads a bytea. The caller frees. */
static char *bytea_text(const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *b = bytes;
	char *text = xmalloc(2 * len + 3), *to = text;

	*to++ = '\\';
	*to++ = 'x';
	for (size_t i = 0; i < len; i++) {
		*to++ = digits[b[i] >> 4];
		*to++ = digits[b[i] & 15];
	}
	*to = '\0';
	return text;
}

static struct halt *append(struct halts *h, struct consumer_place at)
{
	GROW(h->v, h->n, h->cap);
	h->v[h->n] = (struct halt){.at = at};
	return &h->v[h->n++];
}

void halts_add(struct halts *h, const rd_kafka_message_t *m, const struct err *why)
{
	struct halt *halt = append(h, (struct consumer_place){m->partition, m->offset});

	halt->is_read = 1;
	halt->appended_ms = consumer_appended_ms(m);
	halt->value = bytea_text(m->payload, m->len);
	snprintf(halt->why, sizeof halt->why, "%s", why->text);
}

void halts_reach(struct halts *h, int32_t partition, int64_t offset)
{
	struct halt *halt = find(h, partition);

	if (halt && offset >= halt->at.offset)
		drop(h, halt);
}

int halts_hold(const struct halts *h, int32_t partition)
{
	const struct halt *halt = find(h, partition);

	return halt && halt->is_read;
}

int64_t halts_since_ms(const struct halts *h, int32_t partition)
{
	const struct halt *halt = find(h, partition);

	return halt ? halt->appended_ms : 0;
}

int64_t halts_bound(const struct halts *h, int32_t partition)
{
	const struct halt *halt = find(h, partition);

	return halt ? halt->at.offset : INT64_MAX;
}

void halts_say(struct halts *h, int64_t now_ms)
{
	for (size_t i = 0; i < h->n; i++) {
		struct halt *halt = &h->v[i];

		if (halt->is_read)
			LOG_EVERY(&halt->say, now_ms, SAY_MS, LOG_ERROR,
				  "a partition is halted; the others go on",
				  L_STR("error", halt->why),
				  L_INT("partition", halt->at.partition));
	}
}

int halts_are_lost(const struct halts *h, struct consumer *c, int64_t now_ms)
{
	struct consumer_place *places = xcalloc(h->n + 1, sizeof *places);
	size_t n = 0;
	int are_lost;

	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].is_read)
			places[n++] = h->v[i].at;
	}
	are_lost = consumer_has_lost_halt(c, places, n, now_ms);
	free(places);
	return are_lost;
}

/* It may lie behind more than is read before windows are there. */
void halts_look(struct halts *h, struct consumer_place place, int64_t now_ms)
{
	struct halt *halt = find(h, place.partition);

	if (place.partition != h->late.partition || place.offset != h->late.offset) {
		h->late = place;
		h->late_since_ms = now_ms;
		h->is_looked = 0;
	}
	if (place.partition < 0 || h->is_looked || now_ms - h->late_since_ms < LOOK_MS)
		return;
	h->is_looked = 1;
	if ((halt && halt->is_read) || !topic_halts_at(h->options, place))
		return;
	if (halt)
		drop(h, halt);
	append(h, place);
	log_info("the writer stands at a message that halts a partition; what comes before it has "
		 "to do",
		 L_INT("partition", place.partition), L_INT("offset", place.offset));
}

static const struct halt *next_read(struct halts *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct halt *halt = &h->v[h->next++ % h->n];

		if (halt->is_read)
			return halt;
	}
	return NULL;
}

struct reader_job *halts_job(struct halts *h, int64_t now_ms)
{
	const struct halt *halt = now_ms < h->ask_due_ms ? NULL : next_read(h);

	if (!halt)
		return NULL;
	free(h->letter.value);
	h->letter = (struct table_letter){.partition = halt->at.partition,
					  .offset = halt->at.offset,
					  .value = xstrdup(halt->value)};
	h->ask_due_ms = now_ms + ASK_MS;
	h->job = (struct reader_job){.use = READER_HALTS, .letter = &h->letter};
	return &h->job;
}

int halts_answer(struct halts *h)
{
	struct halt *halt = find(h, h->letter.partition);

	if (!h->letter.is_skipped || !halt || !halt->is_read || halt->at.offset != h->letter.offset)
		return 0;
	log_info("a message was skipped; reading goes on behind it",
		 L_INT("partition", halt->at.partition), L_INT("offset", halt->at.offset));
	drop(h, halt);
	return 1;
}
