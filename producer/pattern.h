/* SPDX-License-Identifier: MIT */
/* Which markets are wanted: a list of names and patterns, KRW-BTC,KRW-*,!KRW-DOGE. Pure.
 *
 *   KRW-BTC    this market, listed or not (an unknown one is reported, and tried again rarely)
 *   KRW-*      each market of the exchange's list that matches; * any text, ? one character
 *   !KRW-DOGE  none of these, wherever it stands in the list and any process that else names them
 */
#ifndef GAPLESS_PATTERN_H
#define GAPLESS_PATTERN_H

#include <stddef.h>

#include "common/base/error.h"
#include "common/candle/candle.h"

struct pattern {
	char text[SYMBOL_BYTES]; /* without the '!' */
	int exclude, wild;
};

struct patterns {
	struct pattern
		*v; /* sorted by text, each once: two lists that want the same are the same */
	size_t n;
};

/* Items stand apart by commas or white space. -1 (ERR_FATAL, names the item): not of a symbol's
 * form, or nothing but exclusions. *out needs no initialisation and is to be released in either
 * case. */
int patterns_parse(const char *text, struct patterns *out, struct err *err)
	__attribute__((warn_unused_result));
void patterns_release(struct patterns *p);
/* 1 if the market is wanted, by its name or by a pattern. */
int patterns_match(const struct patterns *p, const char *symbol);
/* 1 if the market is wanted by its name. */
int patterns_name(const struct patterns *p, const char *symbol);
/* 1 if an item is a pattern: what is wanted depends on the exchange's list. */
int patterns_are_wild(const struct patterns *p);

#endif
