/* SPDX-License-Identifier: MIT */
#include "set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/words.h"

enum { WORD_BYTES = 128 };

static int refuse(struct err *err, const char *word, const char *why)
{
	return err_set(err, ERR_FATAL, "--indicators: '%s': %s", word, why);
}

static int unknown_kind(struct err *err, const char *word)
{
	char names[160] = "";
	size_t n, len = 0;
	const struct kind *const *kinds = kind_table(&n);

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "",
					kinds[i]->name);
	return err_set(err, ERR_FATAL,
		       "--indicators: '%s' is not a kind of indicator: there are %s", word, names);
}

/* "1h+4h" as bits. */
static int read_intervals(const char *text, const char *word, unsigned *bits, struct err *err)
{
	size_t n;
	const struct interval *table = interval_table(&n);
	char copy[WORD_BYTES], *save = NULL;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *name = strtok_r(copy, "+", &save); name; name = strtok_r(NULL, "+", &save)) {
		const struct interval *iv = interval_by_name(name);

		if (!iv)
			return refuse(err, word,
				      "behind @ stand intervals such as 1m+1h (" INTERVAL_NAMES
				      ")");
		*bits |= 1U << (iv - table);
	}
	return *bits ? 0 : refuse(err, word, "behind @ no interval is named");
}

static int read_param(const struct kind_param *param, const char *text, const char *word,
		      double *out, struct err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end || strspn(text, "0123456789.") != strlen(text) ||
	    *out < param->min || *out > param->max || (param->is_whole && strchr(text, '.')))
		return err_set(err, ERR_FATAL,
			       "--indicators: '%s': its %s is not a %snumber from %g to %g", word,
			       param->name, param->is_whole ? "whole " : "", param->min,
			       param->max);
	return 0;
}

static int refuse_short(struct err *err, const char *word, const struct kind *kind,
			const char *missing)
{
	char form[64];
	int len = snprintf(form, sizeof form, "%s", kind->name);

	for (const struct kind_param *p = kind->params; p->name; p++)
		len += snprintf(form + len, sizeof form - (size_t)len, ":%s", p->name);
	return err_set(err, ERR_FATAL, "--indicators: '%s': its %s is missing: write %s", word,
		       missing, form);
}

/* The parameters behind the kind's name: exactly those that it has. */
static int read_params(struct indicator *in, char **save, const char *word, struct err *err)
{
	const struct kind *kind = in->kind;
	const char *why;
	size_t n = 0, len = 0;
	char *text;

	for (text = strtok_r(NULL, ":", save); text; text = strtok_r(NULL, ":", save)) {
		if (!kind->params[n].name)
			return refuse(err, word, "that is one parameter too many");
		if (read_param(&kind->params[n], text, word, &in->p[n], err))
			return -1;
		len += (size_t)snprintf(in->params + len, sizeof in->params - len, "%s%.6g",
					n ? ":" : "", in->p[n]);
		n++;
	}
	if (kind->params[n].name)
		return refuse_short(err, word, kind, kind->params[n].name);
	why = kind->check ? kind->check(in->p) : NULL;
	return why ? refuse(err, word, why) : 0;
}

static int read_word(const char *word, struct indicator *in, struct err *err)
{
	char copy[WORD_BYTES], *save = NULL, *at, *name;

	*in = (struct indicator){0};
	snprintf(copy, sizeof copy, "%s", word);
	at = strchr(copy, '@');
	if (at) {
		*at = 0;
		if (read_intervals(at + 1, word, &in->intervals, err))
			return -1;
	}
	name = strtok_r(copy, ":", &save);
	in->kind = name ? kind_by_name(name) : NULL;
	if (!in->kind) {
		unknown_kind(err, word);
		return -1;
	}
	if (read_params(in, &save, word, err))
		return -1;
	in->need = in->kind->need(in->p);
	in->reach = in->kind->reach(in->p);
	return 0;
}

static void set_add(struct set *s, const struct indicator *in)
{
	s->v[s->n++] = *in;
	if (in->need > s->context)
		s->context = in->need;
	if (in->reach > s->horizon)
		s->horizon = in->reach;
	s->daily |= in->kind && in->kind->is_daily;
}

int set_parse(const char *text, struct set *out, struct err *err)
{
	char word[WORD_BYTES];
	struct indicator in;

	*out = (struct set){0};
	while ((text = word_next(text, word, sizeof word)) != NULL) {
		if (read_word(word, &in, err))
			return -1;
		for (size_t i = 0; i < out->n; i++) {
			if (out->v[i].kind == in.kind && strcmp(out->v[i].params, in.params) == 0)
				return refuse(err, word, "that one is named twice");
		}
		if (out->n == SET_MAX)
			return err_set(err, ERR_FATAL, "--indicators: there may be %d of them",
				       SET_MAX);
		set_add(out, &in);
	}
	if (out->n == 0)
		return err_set(err, ERR_FATAL,
			       "--indicators: none is named; write for example sma:20,rsi:14");
	return 0;
}

int64_t set_lead(const struct set *set)
{
	return set->horizon + set->context;
}

void set_of_interval(const struct set *all, const struct interval *interval, struct set *out)
{
	size_t n;
	unsigned bit = 1U << (interval - interval_table(&n));

	*out = (struct set){0};
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].intervals == 0 || (all->v[i].intervals & bit))
			set_add(out, &all->v[i]);
	}
}
