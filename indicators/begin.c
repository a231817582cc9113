/* SPDX-License-Identifier: MIT */
#include "begin.h"

static int64_t smaller(const struct part *part, int64_t a)
{
	int has = part->committed != OFFSET_NONE && part->committed <= part->high;
	int64_t at = has && part->committed < a ? part->committed : a;

	return at < part->low ? part->low : at;
}

static int is_in_topic(const struct part *part, int64_t offset)
{
	return offset >= part->low && offset <= part->high;
}

int64_t begin_with_position(const struct part *part, struct begin_positions at, int group_is_new)
{
	if (at.indicators == OFFSET_NONE)
		at.indicators = at.candles;
	if (part->committed == OFFSET_NONE && !group_is_new)
		return part->low;
	if (!is_in_topic(part, at.candles) || !is_in_topic(part, at.indicators))
		return part->low;
	return smaller(part, at.candles < at.indicators ? at.candles : at.indicators);
}

int64_t begin_by_time(const struct part *part)
{
	return smaller(part, part->by_time == OFFSET_NONE ? part->high : part->by_time);
}
