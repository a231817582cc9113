/* SPDX-License-Identifier: MIT */
#include "lending.h"

#include <stdlib.h>

#include "common/base/alloc.h"

enum { OTHERS_MS = 60000, ASK_SKIPS_MS = 2000, LOOK_MS = 10000 };

struct lending {
	struct reader *reader;
	enum lent whose;
	int64_t patience_ms;
	struct reader_job tables; /* nothing: whether they are fit shows at once */
	struct reader_job skips;
	struct table_letter letter;
	int64_t skips_due_ms;
	/* where the writer is waited for, since when, and whether it was looked why */
	int32_t late;
	int64_t late_at, late_since_ms;
	int is_looked;
};

struct lending *lending_new(const struct options *o, struct err *err)
{
	struct reader *reader = reader_new(o->database, o->topic, err);
	struct lending *l;

	if (!reader)
		return NULL;
	l = xcalloc(1, sizeof *l);
	l->reader = reader;
	l->patience_ms = o->stall_s * 1000;
	l->whose = LENT_TABLES;
	reader_submit(reader, &l->tables);
	return l;
}

int lending_free(struct lending *l, int wait_ms)
{
	if (!reader_free(l->reader, wait_ms))
		return 0;
	free(l->letter.value);
	free(l);
	return 1;
}

struct reader *lending_reader(const struct lending *l)
{
	return l->reader;
}

enum lent lending_to(const struct lending *l)
{
	return l ? l->whose : LENT_NONE;
}

/* Nothing is stored behind a message that halts its partition. */
void lending_expect(struct lending *l, const struct feed *f)
{
	size_t n;
	const struct part *parts = offsets_parts(feed_offsets(f), &n);

	for (size_t i = 0; i < n; i++)
		reader_expect(l->reader, parts[i].id, feed_reads_to(f, parts[i].id),
			      l->patience_ms);
}

/* A message that halts a partition may lie behind more than is read before windows are there. */
void lending_look(struct lending *l, struct feed *f, int64_t now_ms)
{
	int64_t at;
	int32_t late = reader_late(l->reader, &at);

	if (late != l->late || at != l->late_at) {
		l->late = late;
		l->late_at = at;
		l->late_since_ms = now_ms;
		l->is_looked = 0;
	}
	if (late < 0 || l->is_looked || now_ms - l->late_since_ms < LOOK_MS)
		return;
	l->is_looked = 1;
	feed_look(f, late, at);
}

/* What halts those of other processes is not known here, and only where partitions were added do
 * they matter. */
static void expect_others(struct lending *l, const struct feed *f)
{
	size_t n;

	offsets_ends(feed_offsets(f), &n);
	for (size_t i = 0; i < n; i++)
		reader_expect(l->reader, (int32_t)i, INT64_MAX,
			      l->patience_ms < OTHERS_MS ? l->patience_ms : OTHERS_MS);
}

void lending_lend(struct lending *l, enum lent whose, struct reader_job *job, const struct feed *f)
{
	lending_expect(l, f);
	l->whose = whose;
	reader_submit(l->reader, job);
}

enum lent lending_take(struct lending *l, const struct feed *f, int *is_given_up)
{
	const struct reader_job *job = reader_take(l->reader);
	enum lent whose = l->whose;

	if (!job)
		return LENT_NONE;
	l->whose = LENT_NONE;
	*is_given_up = job->is_given_up;
	if (whose == LENT_START && !job->is_given_up)
		expect_others(l, f);
	return whose;
}

int lending_ask_skips(struct lending *l, struct feed *f, int64_t now_ms)
{
	struct table_letter *letter = &l->letter;
	const char *value;

	if (now_ms < l->skips_due_ms ||
	    !feed_halted(f, &letter->partition, &letter->offset, &value))
		return 0;
	free(letter->value);
	letter->value = xstrdup(value);
	l->skips_due_ms = now_ms + ASK_SKIPS_MS;
	l->skips = (struct reader_job){.letter = letter};
	lending_lend(l, LENT_SKIPS, &l->skips, f);
	return 1;
}

void lending_answer_skips(const struct lending *l, struct feed *f)
{
	if (l->letter.is_skipped)
		feed_pass(f, l->letter.partition, l->letter.offset);
}
