/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/candle/candle.h"
#include "common/text/utf8.h"
#include "common/text/words.h"

enum { WORD_BYTES = 64, ARRAY_BYTES = 4 << 20, LIST_BYTES = 1 << 20 };

/* The words of a list, ascending, each once. */
struct words {
	char (*v)[WORD_BYTES];
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int check_symbol(const char *word, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	if (symbol_is_valid(word))
		return 0;
	return err_set(
		err, ERR_FATAL,
		"--symbols: '%s' is not a market's name; they look like KRW-BTC, in capitals",
		printable(word, shown));
}

/* A name, or a pattern: * any text, ? one character. */
static int check_pattern(const char *word, struct err *err)
{
	char shown[PRINTABLE_BYTES];
	size_t len = strlen(word);

	if (strpbrk(word, "*?") == NULL)
		return check_symbol(word, err);
	if (len < SYMBOL_BYTES && strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*?") == len)
		return 0;
	return err_set(
		err, ERR_FATAL,
		"--symbols: '%s' is not a pattern of market's names; they look like KRW-*, in capitals",
		printable(word, shown));
}

static int check_interval(const char *word, struct err *err)
{
	return interval_of_setting("--intervals", word, err) != NULL ? 0 : -1;
}

/* The caller frees w->v. */
static int take_words(struct words *w, const char *list, int (*check)(const char *, struct err *),
		      struct err *err)
{
	char word[WORD_BYTES];
	size_t kept = 0;

	*w = (struct words){0};
	while (list != NULL && (list = word_next(list, word, sizeof(word))) != NULL) {
		if (check(word, err) != 0)
			return -1;
		w->v = xreallocarray(w->v, w->n + 1, sizeof(*w->v));
		memcpy(w->v[w->n++], word, sizeof(word));
	}
	if (w->n > 1)
		qsort(w->v, w->n, sizeof(*w->v), compare);
	for (size_t i = 0; i < w->n; i++)
		if (kept == 0 || strcmp(w->v[kept - 1], w->v[i]) != 0)
			memmove(w->v[kept++], w->v[i], sizeof(*w->v));
	w->n = kept;
	return 0;
}

/* As LIKE writes it; a market's name has no % and no _ of its own. */
static void as_like(char *word)
{
	for (; *word; word++) {
		if (*word == '*')
			*word = '%';
		else if (*word == '?')
			*word = '_';
	}
}

static int fill(struct buf *array, const char **sql, const char *list,
		int (*check)(const char *, struct err *), struct err *err)
{
	struct words words;
	int rc = take_words(&words, list, check, err);

	for (size_t i = 0; rc == 0 && i < words.n; i++) {
		as_like(words.v[i]);
		pgarray_plain(array, words.v[i]);
	}
	if (rc == 0 && words.n > 0) {
		*sql = pgarray_end(array);
		if (*sql == NULL)
			rc = err_set(err, ERR_FATAL, "too many series are named");
	}
	free(words.v);
	return rc;
}

int selection_init(struct selection *s, const char *symbols, const char *intervals, struct err *err)
{
	buf_init(&s->symbols, ARRAY_BYTES);
	buf_init(&s->intervals, ARRAY_BYTES);
	s->symbols_sql = s->intervals_sql = NULL;
	if (fill(&s->symbols, &s->symbols_sql, symbols, check_pattern, err) == 0 &&
	    fill(&s->intervals, &s->intervals_sql, intervals, check_interval, err) == 0)
		return 0;
	return -1;
}

void selection_release(struct selection *s)
{
	buf_release(&s->symbols);
	buf_release(&s->intervals);
}

char *selection_symbols(const char *symbols, struct err *err)
{
	struct buf joined;
	struct words words;
	char *text = NULL;
	int rc = take_words(&words, symbols, check_symbol, err);

	buf_init(&joined, LIST_BYTES);
	for (size_t i = 0; i < words.n; i++)
		buf_printf(&joined, "%s%s", i > 0 ? "," : "", words.v[i]);
	if (rc == 0 && buf_check(&joined) != 0)
		rc = err_set(err, ERR_FATAL, "--symbols: too many are named");
	if (rc == 0)
		text = xstrdup(joined.data != NULL ? joined.data : "");
	free(words.v);
	buf_release(&joined);
	return text;
}
