/* SPDX-License-Identifier: MIT */
#include "producer/series/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/least.h"
#include "common/candle/by_time.h"

static void sighting_release(struct sighting *s)
{
	free(s->candle);
	free(s->doubted);
	s->candle = s->doubted = NULL;
}

static void keep(struct candle **kept, const struct candle *row)
{
	if (!*kept)
		*kept = xmalloc(sizeof **kept);
	**kept = *row;
}

/* What is published, of a row that had that revision. */
static void keep_shown(struct sighting *s, const struct candle *published, int64_t revision)
{
	if (!s->candle)
		s->greatest_revision = s->revision;
	keep(&s->candle, published);
	s->shown_revision = revision;
	s->greatest_revision = greatest(s->greatest_revision, revision);
}

void sightings_release(struct sightings *s)
{
	for (size_t i = 0; i < s->n; i++)
		sighting_release(&s->v[i]);
	free(s->v);
	*s = (struct sightings){0};
}

struct sighting *sightings_find(const struct sightings *s, int64_t timestamp_ms)
{
	size_t at = BY_TIME(s->v, s->n, timestamp_ms);

	return at < s->n && s->v[at].timestamp_ms == timestamp_ms ? &s->v[at] : NULL;
}

static void remove_at(struct sightings *s, size_t at)
{
	sighting_release(&s->v[at]);
	s->n--;
	memmove(s->v + at, s->v + at + 1, (s->n - at) * sizeof *s->v);
}

static struct sighting *insert(struct sightings *s, int64_t timestamp_ms)
{
	size_t at;

	if (s->n == SIGHTINGS_MAX)
		remove_at(s, 0);
	GROW(s->v, s->n, s->cap);
	at = BY_TIME(s->v, s->n, timestamp_ms);
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof *s->v);
	s->n++;
	s->v[at] = (struct sighting){.timestamp_ms = timestamp_ms};
	return &s->v[at];
}

int sightings_note(struct sightings *s, const struct candle *row, int64_t read_ms)
{
	struct sighting *x = sightings_find(s, row->timestamp_ms);

	if (x)
		x->is_gone = 0; /* here it is */
	if (x && x->candle && x->candle->revision == row->revision &&
	    candle_same_values(x->candle, row))
		return 0;
	if (!x)
		x = insert(s, row->timestamp_ms);
	/* What is less than what was published before would lose against it. */
	if (x->candle &&
	    (row->revision < x->revision || decimal_compare(row->volume, x->candle->volume) < 0))
		return 0;
	keep_shown(x, row, row->revision);
	if (row->revision >= x->revision) {
		x->revision = row->revision;
		x->fetched_ms = read_ms;
	}
	return 1;
}

void sightings_forget(struct sightings *s, int64_t timestamp_ms)
{
	struct sighting *x = sightings_find(s, timestamp_ms);

	if (x)
		remove_at(s, (size_t)(x - s->v));
}

static int is_of_rows_alone(const struct sighting *s)
{
	return !s->candle && s->again_ms == 0;
}

static void take_stored(struct sighting *s, const struct stored_row *row)
{
	if (row->revision >= s->revision)
		s->is_correction = 0;
	if (row->revision > s->revision) /* another has seen that */
		s->greatest_revision = greatest(s->greatest_revision, row->revision);
	if (row->revision > s->revision ||
	    (row->revision == s->revision && row->fetched_ms > s->fetched_ms)) {
		s->revision = row->revision;
		s->fetched_ms = row->fetched_ms;
	}
}

static int by_timestamp(const void *a, const void *b)
{
	int64_t x = ((const struct stored_row *)a)->timestamp_ms,
		y = ((const struct stored_row *)b)->timestamp_ms;

	return (x > y) - (x < y);
}

void stored_add(struct stored *s, const struct stored_row *row)
{
	if ((s->n & (s->n - 1)) == 0)
		s->v = xreallocarray(s->v, s->n ? s->n * 2 : 1, sizeof *s->v);
	s->v[s->n++] = *row;
}

void stored_sort(struct stored *s)
{
	if (s->n > 0)
		qsort(s->v, s->n, sizeof *s->v, by_timestamp);
}

void stored_release(struct stored *s)
{
	free(s->v);
	*s = (struct stored){0};
}

/* Both in the order of time, from the newest on, so that those count if there are too many. */
int64_t sightings_stored(struct sightings *s, const struct stored *stored, const struct spans *told)
{
	size_t i = s->n, row = stored->n, cap = i + row + 1, at;
	struct sighting *all;
	int64_t from_ms = INT64_MIN;

	cap = cap < SIGHTINGS_MAX ? cap : SIGHTINGS_MAX;
	all = xcalloc(cap, sizeof *all);
	for (at = cap; (i > 0 || row > 0) && at > 0;) {
		int64_t seen_ms = i > 0 ? s->v[i - 1].timestamp_ms : INT64_MIN;
		int64_t stored_ms = row > 0 ? stored->v[row - 1].timestamp_ms : INT64_MIN;
		int is_seen = i > 0 && seen_ms >= stored_ms;
		int is_stored = row > 0 && stored_ms >= seen_ms;

		if (is_seen && !is_stored && is_of_rows_alone(&s->v[i - 1]) &&
		    (!told || spans_contain(told, seen_ms))) {
			sighting_release(&s->v[--i]);
			continue;
		}
		at--;
		if (is_seen)
			all[at] = s->v[--i];
		else
			all[at].timestamp_ms = stored_ms;
		if (is_stored)
			take_stored(&all[at], &stored->v[--row]);
		from_ms = all[at].timestamp_ms;
	}
	while (i > 0)
		sighting_release(&s->v[--i]);
	s->n = cap - at;
	memmove(all, all + at, s->n * sizeof *all);
	free(s->v);
	s->v = all;
	s->cap = cap;
	return row > 0 ? from_ms : INT64_MIN;
}

void sightings_covered(struct sightings *s, const struct spans *covered, int64_t young_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].again_ms == 0 && spans_contain(covered, s->v[i].timestamp_ms) &&
		    s->v[i].timestamp_ms < young_ms)
			sighting_release(&s->v[i]);
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
}

/* --- judging */

/* It shows what was published, or what was seen before that was settled as less; and it is no less
 * than what was published: one may have shown the other in its place. */
static int is_no_less(const struct sighting *s, const struct candle *row)
{
	return (row->revision == s->shown_revision || row->revision >= s->greatest_revision) &&
	       decimal_compare(row->volume, s->candle->volume) >= 0;
}

static enum shown compare(const struct sighting *s, const struct candle *row)
{
	if (!row)
		return SHOWN_NOTHING;
	/* Unless something later is stored than what we published ourselves. */
	if (s->candle && s->candle->revision >= s->revision &&
	    (candle_same_values(s->candle, row) || is_no_less(s, row)))
		return SHOWN_ALL;
	if (row->revision < s->revision)
		return SHOWN_LESS;
	return s->candle && decimal_compare(row->volume, s->candle->volume) < 0 ? SHOWN_LESS
										: SHOWN_ALL;
}

/* The read before showed the same. */
static int says_the_same(const struct sighting *s, enum shown shown, const struct candle *row)
{
	return shown == s->doubt && (!row || (s->doubted && row->revision == s->doubted->revision &&
					      candle_same_values(row, s->doubted)));
}

/* What this read shows, beside what was seen and what the reads before it showed. */
static enum judgement judge(struct sighting *s, const struct candle *row, int64_t read_ms)
{
	enum shown shown = compare(s, row);
	int later = s->reads > 0 && read_ms >= s->doubt_ms;

	if (shown == SHOWN_ALL) {
		s->doubt = SHOWN_ALL;
		s->reads = 0;
		return JUDGED_SO;
	}
	if (later && read_ms - s->doubt_ms < DOUBT_MS)
		return JUDGED_DOUBTFUL; /* too soon to be another witness */
	if (later && says_the_same(s, shown, row)) {
		/* What was taken back may come back; a row that has not is not asked for for ever.
		 */
		if (row || s->again_ms == 0)
			s->again_ms = read_ms + SIGHTING_AGAIN_MS;
		return JUDGED_SO;
	}
	s->doubt = shown;
	s->doubt_ms = read_ms;
	if (row)
		keep(&s->doubted, row);
	return ++s->reads >= DOUBT_READS ? JUDGED_GREATEST : JUDGED_DOUBTFUL;
}

enum judgement sighting_judge(struct sighting *s, const struct candle *row, int64_t read_ms)
{
	enum judgement judgement = judge(s, row, read_ms);

	s->is_settled = judgement != JUDGED_DOUBTFUL && row != NULL;
	s->is_gone = judgement == JUDGED_SO && row == NULL;
	return judgement;
}

int sighting_is_less(const struct sighting *s, const struct candle *row)
{
	return !(s->is_gone && row == NULL) && compare(s, row) != SHOWN_ALL;
}

int sighting_is_newer(const struct sighting *s, const struct candle *row)
{
	return row->revision > s->revision ||
	       (s->candle && is_no_less(s, row) && !candle_same_values(s->candle, row));
}

void sightings_subtract(const struct sightings *s, const struct interval *iv, int64_t now_ms,
			struct spans *from)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct sighting *x = &s->v[i];

		if (x->reads > 0 && now_ms >= x->doubt_ms && now_ms - x->doubt_ms < DOUBT_MS)
			spans_remove(from, x->timestamp_ms, interval_end(iv, x->timestamp_ms));
	}
}

void sightings_add_due(const struct sightings *s, const struct interval *iv, int64_t now_ms,
		       struct spans *to)
{
	for (size_t i = 0; i < s->n; i++)
		if (sighting_is_due_again(&s->v[i], now_ms))
			spans_add(to, s->v[i].timestamp_ms, interval_end(iv, s->v[i].timestamp_ms));
}

void sighting_ask_again(struct sighting *s, int64_t read_ms)
{
	if (s->again_ms == 0)
		s->again_ms = read_ms + SIGHTING_AGAIN_MS;
}

int sighting_is_due_again(const struct sighting *s, int64_t now_ms)
{
	return s->again_ms != 0 && now_ms >= s->again_ms;
}

void sightings_asked_again(struct sightings *s, int64_t from_ms, int64_t to_ms,
			   const struct spans *holes, int64_t now_ms)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sighting *x = &s->v[i];

		if (x->timestamp_ms >= from_ms && x->timestamp_ms < to_ms &&
		    sighting_is_due_again(x, now_ms) && !spans_contain(holes, x->timestamp_ms))
			x->again_ms = 0;
	}
}

void sightings_validity(const struct sightings *s, int64_t now_ms, struct validity *v)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct sighting *x = &s->v[i];

		if (x->again_ms != 0)
			validity_edge(v, x->again_ms, now_ms);
		if (x->reads > 0) {
			validity_edge(v, x->doubt_ms, now_ms);
			validity_edge(v, x->doubt_ms + DOUBT_MS, now_ms);
		}
	}
}

int64_t sighting_revision(const struct sighting *s, const struct candle *row, int64_t read_ms)
{
	if (!s || row->revision > s->revision)
		return row->revision;
	if (row->revision < s->revision)
		return s->revision + 1;
	/* Alike: what was published itself needs not win; else the later read does, if it is one.
	 */
	if (s->candle && s->candle->revision == s->revision)
		return s->revision + !candle_same_values(s->candle, row);
	return s->revision + (read_ms <= s->fetched_ms);
}

void sighting_published(struct sighting *s, const struct candle *published, int64_t shown_revision,
			int64_t read_ms)
{
	keep_shown(s, published, shown_revision);
	s->revision = published->revision;
	s->fetched_ms = read_ms;
	s->doubt = SHOWN_ALL;
	s->reads = s->is_settled = 0;
}

void sighting_corrects(struct sighting *s)
{
	s->is_correction = 1;
}

void sightings_corrections(const struct sightings *s, const struct interval *iv, struct spans *out)
{
	spans_clear(out);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].is_correction)
			spans_add(out, s->v[i].timestamp_ms,
				  interval_end(iv, s->v[i].timestamp_ms));
}
