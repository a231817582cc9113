/* SPDX-License-Identifier: MIT */
#include "producer/series/changes.h"

#include <stdlib.h>

#include "common/base/alloc.h"

struct changes {
	uint32_t *places; /* room for all */
	size_t n;
	unsigned char *noted; /* a flag for each place */
};

struct changes *changes_new(size_t n)
{
	struct changes *c = xcalloc(1, sizeof *c);

	c->places = xcalloc(n + 1, sizeof *c->places);
	c->noted = xcalloc(n + 1, sizeof *c->noted);
	return c;
}

void changes_free(struct changes *c)
{
	if (!c)
		return;
	free(c->places);
	free(c->noted);
	free(c);
}

void changes_note(struct changes *c, uint32_t place)
{
	if (c->noted[place])
		return;
	c->noted[place] = 1;
	c->places[c->n++] = place;
}

int changes_take(struct changes *c, uint32_t *place)
{
	if (c->n == 0)
		return 0;
	*place = c->places[--c->n];
	c->noted[*place] = 0;
	return 1;
}
