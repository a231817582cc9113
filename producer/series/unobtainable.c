/* SPDX-License-Identifier: MIT */
#include "producer/series/unobtainable.h"

#include <string.h>

const char *unobtainable_reason_name(enum unobtainable_reason reason)
{
	static const char *const names[UNOBTAINABLE_REASONS] = {
		[UNOBTAINABLE_OLD] = "older than the exchange keeps",
		[UNOBTAINABLE_DELISTED] = "the market was delisted",
		[UNOBTAINABLE_GONE] = "not served any more",
		[UNOBTAINABLE_SETTLED] = "settled by hand",
	};

	return names[reason];
}

enum unobtainable_reason unobtainable_reason_by_name(const char *name)
{
	for (int i = 0; i < UNOBTAINABLE_SETTLED; i++)
		if (strcmp(name, unobtainable_reason_name((enum unobtainable_reason)i)) == 0)
			return (enum unobtainable_reason)i;
	return UNOBTAINABLE_SETTLED;
}

void unobtainable_release(struct unobtainable *u)
{
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++)
		spans_release(&u->of[i]);
}

void unobtainable_add(struct unobtainable *u, enum unobtainable_reason reason, int64_t from_ms,
		      int64_t to_ms, const struct spans *known)
{
	struct spans missing = {0};

	spans_add(&missing, from_ms, to_ms);
	spans_subtract(&missing, known);
	spans_union(&u->of[reason], &missing);
	spans_release(&missing);
}

void unobtainable_shown(struct unobtainable *u, int64_t from_ms, int64_t to_ms)
{
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++)
		spans_remove(&u->of[i], from_ms, to_ms);
}

void unobtainable_merge(struct unobtainable *u, const struct unobtainable *before,
			const struct unobtainable *stored)
{
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++) {
		struct spans added = {0}, taken = {0};

		spans_copy(&added, &u->of[i]);
		spans_subtract(&added, &before->of[i]);
		spans_copy(&taken, &before->of[i]);
		spans_subtract(&taken, &u->of[i]);
		spans_copy(&u->of[i], &stored->of[i]);
		spans_union(&u->of[i], &added);
		spans_subtract(&u->of[i], &taken);
		spans_release(&added);
		spans_release(&taken);
	}
}

void unobtainable_subtract(const struct unobtainable *u, int asks_gone, struct spans *from)
{
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++)
		if (i != UNOBTAINABLE_GONE || !asks_gone)
			spans_subtract(from, &u->of[i]);
}
