/* SPDX-License-Identifier: MIT */
#include "begin.h"

static int64_t smaller(const struct part *part, int64_t a)
{
	int has = part->committed != OFFSET_NONE && part->committed <= part->high;
	int64_t at = has && part->committed < a ? part->committed : a;

	return at < part->low ? part->low : at;
}

int64_t begin_with_position(const struct part *part, int64_t position, int group_is_new)
{
	if (part->committed == OFFSET_NONE && !group_is_new)
		return part->low;
	if (position == OFFSET_NONE || position < part->low || position > part->high)
		return part->low;
	return smaller(part, position);
}

int64_t begin_by_time(const struct part *part)
{
	return smaller(part, part->by_time == OFFSET_NONE ? part->high : part->by_time);
}
