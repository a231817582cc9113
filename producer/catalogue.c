/* SPDX-License-Identifier: MIT */
#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

static void push(struct series ***v, size_t *n, size_t *cap, struct series *s)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		*v = xreallocarray(*v, *cap, sizeof(void *));
	}
	(*v)[(*n)++] = s;
}

struct series *catalogue_add(struct catalogue *c, const char *symbol, const struct interval *iv,
			     int64_t since_ms, int64_t retention_ms, int *added)
{
	struct series *s;

	if (added)
		*added = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i]->iv == iv && strcmp(c->all[i]->symbol, symbol) == 0)
			return c->all[i];
	if (c->n >= CATALOGUE_MAX)
		return NULL;
	s = xcalloc(1, sizeof *s);
	series_init(s, symbol, iv, since_ms, retention_ms);
	push(&c->all, &c->n, &c->cap, s);
	if (added)
		*added = 1;
	return s;
}

int catalogue_add_named(struct catalogue *c, const struct patterns *patterns,
			const struct interval *const *ivs, size_t n_ivs, int64_t since_ms,
			int64_t (*retention_ms)(const struct interval *), struct err *err)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const struct pattern *p = &patterns->v[i];

		if (p->wild || !patterns_match(patterns, p->text))
			continue;
		for (size_t k = 0; k < n_ivs; k++)
			if (!catalogue_add(c, p->text, ivs[k], since_ms, retention_ms(ivs[k]),
					   NULL))
				return err_set(
					err, ERR_FATAL,
					"--symbols times --intervals make more than %d series",
					CATALOGUE_MAX);
	}
	return 0;
}

void catalogue_release(struct catalogue *c)
{
	for (size_t i = 0; i < c->n; i++) {
		series_release(c->all[i]);
		free(c->all[i]);
	}
	free(c->all);
	free(c->owned);
	*c = (struct catalogue){0};
}

size_t catalogue_own(struct catalogue *c, int (*ours)(const char *symbol, void *opaque),
		     void *opaque, size_t *left)
{
	size_t taken = 0, gone = 0;

	c->n_owned = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct series *s = c->all[i];
		int mine = ours(s->symbol, opaque);

		if (mine && !s->owned) {
			series_take(s);
			taken++;
		} else if (!mine && s->owned) {
			series_leave(s);
			gone++;
		}
		if (mine)
			push(&c->owned, &c->n_owned, &c->owned_cap, s);
	}
	if (left)
		*left = gone;
	return taken;
}
