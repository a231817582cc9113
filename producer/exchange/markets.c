/* SPDX-License-Identifier: MIT */
#include "producer/exchange/markets.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

void markets_init(struct markets *m, size_t n)
{
	*m = (struct markets){.names = xcalloc(n + 1, sizeof *m->names)};
}

void markets_add(struct markets *m, const char *name)
{
	if (symbol_is_valid(name))
		memcpy(m->names[m->n++], name, strlen(name) + 1);
}

void markets_sort(struct markets *m)
{
	size_t n = 0;

	if (m->n > 0)
		qsort(m->names, m->n, sizeof *m->names, by_name);
	for (size_t i = 0; i < m->n; i++)
		if (n == 0 || strcmp(m->names[n - 1], m->names[i]) != 0)
			memmove(m->names[n++], m->names[i], sizeof *m->names);
	m->n = n;
}

int markets_has(const struct markets *m, const char *symbol)
{
	return m->n > 0 && bsearch(symbol, m->names, m->n, sizeof *m->names, by_name) != NULL;
}

void markets_release(struct markets *m)
{
	free(m->names);
	*m = (struct markets){0};
}
