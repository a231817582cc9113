/* SPDX-License-Identifier: MIT */
#include "producer/series/older.h"

#include "common/base/backoff.h"

enum {
	PAUSE_FIRST_MS = 1000,
	PAUSE_SHORT_MS = 10 * 1000,
	PAUSE_MAX_MS = 60 * 1000,
	SHORT_TIMES = 20 /* empty pages, after which the pauses are no short ones any more */
};

static int64_t pause_ms(int times)
{
	return times > SHORT_TIMES ? PAUSE_MAX_MS
				   : backoff_doubled_ms(PAUSE_FIRST_MS, times - 1, PAUSE_SHORT_MS);
}

/* Another question takes the place of the one before, whose span waits for it. */
static void ask_other(struct older *o, int64_t from_ms, int64_t to_ms)
{
	*o = (struct older){.from_ms = from_ms,
			    .to_ms = to_ms,
			    .others_to_ms = o->times > 0 ? o->to_ms : from_ms,
			    .row_ms = o->row_ms,
			    .said = o->said};
}

void older_empty(struct older *o, int64_t from_ms, int64_t to_ms, int at_edge, int64_t boot_ms)
{
	if (o->times > 0 && from_ms > o->from_ms)
		from_ms = o->from_ms;
	if (o->times > 0 && to_ms < o->to_ms) {
		o->from_ms = from_ms;
		if (to_ms > o->others_to_ms)
			o->others_to_ms = to_ms;
		return;
	}
	if (o->times == 0 || to_ms != o->to_ms)
		ask_other(o, from_ms, to_ms);
	o->from_ms = from_ms;
	o->at_edge = at_edge;
	o->times++;
	o->until_boot_ms = boot_ms + pause_ms(o->times);
	if (at_edge)
		anchor_too_near(&o->anchor);
}

void older_join(struct older *o, int64_t row_ms, const struct witness *said)
{
	if (witness_heard(&o->said))
		return;
	o->row_ms = row_ms;
	o->said = *said;
}

void older_known(struct older *o, const struct spans *known)
{
	if (o->times > 0 && spans_contain(known, o->to_ms - 1))
		o->times = 0;
}

int older_shown(struct older *o, int64_t row_ms, int64_t now_ms)
{
	o->times = 0;
	if (row_ms != o->row_ms)
		o->said = (struct witness){0};
	o->row_ms = row_ms;
	witness_note(&o->said, now_ms);
	return witness_agree(&o->said, OLDER_APART_MS);
}

void older_too_far(struct older *o)
{
	anchor_too_far(&o->anchor);
	o->until_boot_ms = 0;
}

void older_row(struct older *o, int64_t timestamp_ms)
{
	if (o->times > 0 && timestamp_ms < o->to_ms)
		o->times = 0;
	if (witness_heard(&o->said) && timestamp_ms < o->row_ms)
		o->said = (struct witness){0};
}

int64_t older_anchor(const struct older *o, int64_t gap_to_ms)
{
	if ((o->times > 0 && gap_to_ms == o->to_ms) ||
	    (witness_heard(&o->said) && gap_to_ms <= o->row_ms))
		return o->anchor.at > 0 ? o->anchor.at : ANCHOR_FIRST;
	return 0;
}

void older_subtract(const struct older *o, const struct spans *known, int64_t now_ms,
		    int64_t boot_ms, struct spans *from)
{
	int is_better = !o->at_edge && spans_contain(known, o->to_ms);

	if (o->times > 0)
		spans_remove(from, o->from_ms,
			     boot_ms < o->until_boot_ms && !is_better ? o->to_ms : o->others_to_ms);
	/* Between two witnesses. */
	if (witness_heard(&o->said) && !witness_agree(&o->said, OLDER_APART_MS) &&
	    now_ms >= o->said.last_ms && now_ms < o->said.first_ms + OLDER_APART_MS)
		spans_remove(from, INT64_MIN, o->row_ms);
}

void older_validity(const struct older *o, int64_t now_ms, int64_t boot_ms, struct validity *v)
{
	if (o->times > 0)
		validity_boot_edge(v, o->until_boot_ms, boot_ms);
	if (!witness_heard(&o->said))
		return;
	validity_edge(v, o->said.last_ms, now_ms);
	validity_edge(v, o->said.first_ms + OLDER_APART_MS, now_ms);
	validity_edge(v, o->said.last_ms + OLDER_AGAIN_MS, now_ms);
}
