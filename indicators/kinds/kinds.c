/* SPDX-License-Identifier: MIT */
#include "kind.h"

#include <string.h>

extern const struct kind kind_atr, kind_bb, kind_cross, kind_ema, kind_macd, kind_rsi, kind_sma,
	kind_volume, kind_vwap;

enum { KINDS = 9 };

static const struct kind *const kinds[KINDS] = {
	&kind_sma, &kind_ema,    &kind_rsi,  &kind_macd,  &kind_bb,
	&kind_atr, &kind_volume, &kind_vwap, &kind_cross,
};

const struct kind *const *kind_table(size_t *n)
{
	*n = KINDS;
	return kinds;
}

const struct kind *kind_by_name(const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}
