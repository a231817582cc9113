/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/candle/candle.h"
#include "common/text/utf8.h"
#include "common/text/words.h"

enum { ARRAY_BYTES = 4 << 20, LIST_BYTES = 1 << 20 };

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
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

/* The checked words, ascending, each once, into *out; every element and the array are the caller's.
 */
static int sorted_words(const char *list, int (*check)(const char *, struct err *), char ***out,
			size_t *n, struct err *err)
{
	char word[64];
	size_t kept = 0;

	*out = NULL;
	*n = 0;
	while (list != NULL && (list = word_next(list, word, sizeof(word))) != NULL) {
		if (check(word, err) != 0)
			return -1;
		*out = xreallocarray(*out, *n + 1, sizeof(**out));
		(*out)[(*n)++] = xstrdup(word);
	}
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), compare);
	for (size_t i = 0; i < *n; i++) {
		if (kept > 0 && strcmp((*out)[kept - 1], (*out)[i]) == 0)
			free((*out)[i]);
		else
			(*out)[kept++] = (*out)[i];
	}
	*n = kept;
	return 0;
}

static void words_release(char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	free(words);
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
	char **words;
	size_t n;
	int rc = sorted_words(list, check, &words, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		as_like(words[i]);
		pgarray_plain(array, words[i]);
	}
	if (rc == 0 && n > 0) {
		*sql = pgarray_end(array);
		if (*sql == NULL)
			rc = err_set(err, ERR_FATAL, "too many series are named");
	}
	words_release(words, n);
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
	char **words, *text = NULL;
	size_t n;
	int rc = sorted_words(symbols, check_symbol, &words, &n, err);

	buf_init(&joined, LIST_BYTES);
	for (size_t i = 0; i < n; i++)
		buf_printf(&joined, "%s%s", i > 0 ? "," : "", words[i]);
	if (rc == 0 && buf_check(&joined) != 0)
		rc = err_set(err, ERR_FATAL, "--symbols: too many are named");
	if (rc == 0)
		text = xstrdup(joined.data != NULL ? joined.data : "");
	words_release(words, n);
	buf_release(&joined);
	return text;
}
