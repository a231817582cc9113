/* SPDX-License-Identifier: MIT */
#include "producer/pattern.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/text/utf8.h"
#include "common/text/words.h"

static int is_pattern_text(const char *text)
{
	return text[0] && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*?")] == 0;
}

static int item_parse(const char *item, struct pattern *out, struct err *err)
{
	char shown[PRINTABLE_BYTES];
	const char *text = item + (item[0] == '!');
	char upper[SYMBOL_BYTES] = "";
	int fits = strlen(text) < sizeof out->text;

	*out = (struct pattern){.exclude = item[0] == '!'};
	if (fits) {
		memcpy(out->text, text, strlen(text));
		for (size_t i = 0; text[i]; i++)
			upper[i] = (char)toupper((unsigned char)text[i]);
		out->wild = strpbrk(out->text, "*?") != NULL;
	}
	if (fits && strcmp(upper, text) != 0 && is_pattern_text(upper))
		return err_set(err, ERR_FATAL,
			       "--symbols: '%s' is not a market's name; did you mean %s%s?",
			       printable(item, shown), out->exclude ? "!" : "", upper);
	if (!fits || !is_pattern_text(out->text) || (!out->wild && !symbol_is_valid(out->text)))
		return err_set(
			err, ERR_FATAL,
			"--symbols: '%s' is not a market's name; they look like KRW-BTC, in capitals (KRW-* for all of them, "
			"!KRW-BTC to leave one out)",
			printable(item, shown));
	return 0;
}

static int by_text(const void *a, const void *b)
{
	const struct pattern *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : x->exclude - y->exclude;
}

static void sort_each_once(struct patterns *p)
{
	size_t kept = 0;

	qsort(p->v, p->n, sizeof *p->v, by_text);
	for (size_t i = 0; i < p->n; i++)
		if (kept == 0 || by_text(&p->v[kept - 1], &p->v[i]) != 0)
			p->v[kept++] = p->v[i];
	p->n = kept;
}

int patterns_parse(const char *text, struct patterns *out, struct err *err)
{
	char item[PRINTABLE_BYTES + 1]; /* one that is cut is too long all the same */
	size_t including = 0;

	*out = (struct patterns){0};
	while ((text = word_next(text, item, sizeof item)) != NULL) {
		out->v = xreallocarray(out->v, out->n + 1, sizeof *out->v);
		if (item_parse(item, &out->v[out->n], err))
			return -1;
		including += !out->v[out->n++].exclude;
	}
	if (including == 0)
		return err_set(
			err, ERR_FATAL,
			"no market is named: set --symbols (or GAPLESS_SYMBOLS), e.g. --symbols KRW-BTC,KRW-ETH");
	sort_each_once(out);
	return 0;
}

void patterns_release(struct patterns *p)
{
	free(p->v);
	*p = (struct patterns){0};
}

int patterns_match(const struct patterns *p, const char *symbol)
{
	int included = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (fnmatch(p->v[i].text, symbol, FNM_NOESCAPE) != 0)
			continue;
		if (p->v[i].exclude)
			return 0;
		included = 1;
	}
	return included;
}

int patterns_name(const struct patterns *p, const char *symbol)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].wild && !p->v[i].exclude && strcmp(p->v[i].text, symbol) == 0)
			return patterns_match(p, symbol);
	return 0;
}

int patterns_are_wild(const struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].wild && !p->v[i].exclude)
			return 1;
	return 0;
}
