/* SPDX-License-Identifier: MIT */
#include "start.h"

#include "common/base/least.h"

struct start start_decide(const struct start_facts *f)
{
	struct start s = {.offset = f->low, .row_offset = f->low};

	if (f->position < 0) {
		s.row = START_ROW_INSERT;
		s.why = f->committed < 0 ? START_FIRST : START_EMPTIED;
	} else if (f->position > f->high) {
		s.row = START_ROW_SET;
		s.why = START_SHORTER;
	} else if (f->position < f->low) {
		s.row = START_ROW_SET;
		s.why = START_HOLE;
		s.lost = f->low - f->position;
	} else if (f->recreated && f->position > f->low) {
		s.row = START_ROW_SET;
		s.why = START_LONGER;
	} else {
		s.row_offset = f->position;
		if (f->committed < 0) {
			s.offset = f->position;
			s.why = START_GROUP_NEW;
		} else if (f->committed < f->position) {
			/* What lies below the topic's beginning is stored already. */
			s.offset = greatest(f->committed, f->low);
			s.why = START_ABSORB;
		} else {
			s.offset = f->position;
			s.why = f->committed == f->position ? START_NORMAL
				: f->shared                 ? START_SHARED
							    : START_BEHIND;
		}
	}
	return s;
}

int64_t start_again(const struct start_facts *f, const struct start *s)
{
	int64_t before = greatest(f->committed, f->position);

	return greatest(least(before, f->high) - s->offset, 0);
}

static const struct start_words words[START_WHYS] = {
	[START_NORMAL] = {"reading goes on where it stopped", LOG_INFO},
	[START_ABSORB] =
		{"reading again from the committed offset; what is stored already is absorbed",
		 LOG_INFO},
	[START_GROUP_NEW] =
		{"the group has no committed offset; reading goes on at the database's position",
		 LOG_INFO},
	[START_FIRST] = {"first start: reading the topic from its beginning", LOG_INFO},
	[START_EMPTIED] =
		{"the database knows no position although the group had committed offsets (emptied "
		 "or recreated, or is it another database?); filling it again from the topic's "
		 "beginning",
		 LOG_WARN},
	[START_BEHIND] =
		{"the database is behind the committed offset (restored from a backup, a failover "
		 "lost transactions, another program in the group, or is it another database?); "
		 "filling it again from its position",
		 LOG_WARN},
	[START_SHARED] =
		{"another program in the group has committed what is not stored; reading goes on at "
		 "the database's position",
		 LOG_WARN},
	[START_HOLE] =
		{"messages were deleted from the topic before they were stored; the producer fetches "
		 "their candles "
		 "again",
		 LOG_ERROR},
	[START_SHORTER] =
		{"the topic ends before the database's position: it was recreated or lost its end; "
		 "reading it from "
		 "its beginning",
		 LOG_ERROR},
	[START_LONGER] =
		{"the messages before the database's position are newer than what was stored last: "
		 "the topic was recreated, and has grown beyond it; reading it from its beginning",
		 LOG_WARN},
};

const struct start_words *start_words(enum start_why why)
{
	return &words[why];
}
