/* SPDX-License-Identifier: MIT */
#include "producer/series/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

struct list {
	struct series **v;
	size_t n, cap;
};

struct catalogue {
	const struct options *options;
	int64_t since_ms, until_ms;
	struct list all, owned;    /* by symbol, then by the length of the interval; the latter
					 ends with NULL */
	struct schedule *schedule; /* of the owned ones */
	int64_t list_ms; /* the exchange's time of the last list of markets; 0: none came */
	int is_full_said;
};

static void push(struct list *list, struct series *s)
{
	size_t at = list->n++;

	GROW(list->v, at, list->cap);
	list->v[at] = s;
}

/* Where the series of the market are, or belong. A list of markets is sorted, so that a new one
 * usually belongs to the end. */
static size_t place_of(const struct list *all, const char *symbol)
{
	size_t low = 0, high = all->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(series_symbol(all->v[middle]), symbol) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int has(const struct catalogue *c, const char *symbol)
{
	size_t at = place_of(&c->all, symbol);

	return at < c->all.n && strcmp(series_symbol(c->all.v[at]), symbol) == 0;
}

/* All series of a market that is not there; returns where the first of them is. */
static struct series **add(struct catalogue *c, const char *symbol)
{
	const struct options *o = c->options;
	size_t at = place_of(&c->all, symbol), behind = c->all.n - at;
	struct series **first;

	for (size_t i = 0; i < o->n_intervals; i++)
		push(&c->all, NULL);
	first = c->all.v + at;
	memmove(first + o->n_intervals, first, behind * sizeof(struct series *));
	for (size_t i = 0; i < o->n_intervals; i++)
		first[i] =
			series_new(symbol, o->intervals[i], o->exchange, c->since_ms, c->until_ms);
	return first;
}

static int is_full(const struct catalogue *c)
{
	return c->all.n + c->options->n_intervals > CATALOGUE_MAX;
}

struct catalogue *catalogue_new(const struct options *options, int64_t since_ms, int64_t until_ms,
				struct err *err)
{
	struct catalogue *c = xcalloc(1, sizeof *c);
	const struct patterns *patterns = &options->patterns;

	c->schedule = schedule_new();
	push(&c->owned, NULL);
	c->options = options;
	c->since_ms = since_ms;
	c->until_ms = until_ms;
	for (size_t i = 0; i < patterns->n; i++) {
		const struct pattern *p = &patterns->v[i];

		if (p->wild || !patterns_match(patterns, p->text) || has(c, p->text))
			continue;
		if (is_full(c)) {
			err_set(err, ERR_FATAL,
				"--symbols times --intervals make more than %d series",
				CATALOGUE_MAX);
			catalogue_free(c);
			return NULL;
		}
		add(c, p->text);
	}
	return c;
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	schedule_free(c->schedule);
	for (size_t i = 0; i < c->all.n; i++)
		series_free(c->all.v[i]);
	free(c->all.v);
	free(c->owned.v);
	free(c);
}

int catalogue_lacks(const struct catalogue *c, const char *symbol)
{
	return !has(c, symbol) && patterns_match(&c->options->patterns, symbol);
}

size_t catalogue_add(struct catalogue *c, const char *symbol, int listed)
{
	struct series **added;

	if (!catalogue_lacks(c, symbol))
		return 0;
	if (is_full(c)) {
		if (!c->is_full_said)
			log_error(
				"there are too many series; this market and all that come after it are left out",
				L_STR("symbol", symbol), L_INT("most", CATALOGUE_MAX));
		c->is_full_said = 1;
		return 0;
	}
	added = add(c, symbol);
	for (size_t i = 0; i < c->options->n_intervals && (listed || c->list_ms != 0); i++)
		series_market(added[i], listed, 0, c->list_ms);
	return c->options->n_intervals;
}

void catalogue_market(struct catalogue *c, const struct markets *listed, int many, int64_t now_ms)
{
	c->list_ms = now_ms;
	for (size_t i = 0; i < c->all.n; i++)
		series_market(c->all.v[i], markets_has(listed, series_symbol(c->all.v[i])), many,
			      now_ms);
}

size_t catalogue_own(struct catalogue *c, int (*ours)(const char *symbol, const void *opaque),
		     const void *opaque, size_t *left)
{
	size_t taken = 0, gone = 0;

	c->owned.n = 0;
	for (size_t i = 0; i < c->all.n; i++) {
		struct series *s = c->all.v[i];
		int mine = ours(series_symbol(s), opaque);

		if (mine && !series_is_owned(s)) {
			series_take(s);
			taken++;
		} else if (!mine && series_is_owned(s)) {
			series_leave(s);
			gone++;
		}
		if (mine)
			push(&c->owned, s);
	}
	schedule_own(c->schedule, c->owned.v, c->owned.n);
	push(&c->owned, NULL);
	if (left)
		*left = gone;
	return taken;
}

struct schedule *catalogue_schedule(const struct catalogue *c)
{
	return c->schedule;
}

size_t catalogue_size(const struct catalogue *c)
{
	return c->all.n;
}

struct series *const *catalogue_owned(const struct catalogue *c)
{
	return c->owned.v;
}
