/* SPDX-License-Identifier: MIT */
#include "elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

enum { IN_A_ROW = 2, SAY_MS = 60000 };

struct elsewhere {
	int *ahead; /* of partition i: so many times in a row, the committed offset was ahead */
	size_t n;
	int count;                   /* how many of them IN_A_ROW times or more */
	struct position_item *items; /* lent to the database with a question */
	struct log_throttle say;
};

struct elsewhere *elsewhere_new(void)
{
	return xcalloc(1, sizeof(struct elsewhere));
}

void elsewhere_free(struct elsewhere *e)
{
	free(e->ahead);
	free(e->items);
	free(e);
}

static void resize(struct elsewhere *e, size_t n)
{
	e->ahead = xreallocarray(e->ahead, n + 1, sizeof(*e->ahead));
	for (size_t i = e->n; i < n; i++)
		e->ahead[i] = 0;
	e->n = n;
}

static void say(struct elsewhere *e, const struct position_item *first, int64_t now_ms)
{
	int count = 0;

	for (size_t i = 0; i < e->n; i++)
		count += e->ahead[i] >= IN_A_ROW;
	if (count == 0 && e->count > 0)
		log_info("no partition is stored into another database any more");
	if (count != e->count)
		e->say = (struct log_throttle){0};
	e->count = count;
	if (count > 0 && first != NULL)
		LOG_EVERY(&e->say, now_ms, SAY_MS, LOG_ERROR,
			  "another writer of the group stores into another database: each of the "
			  "two gets a part of the candles; give one of them a group of its own, or "
			  "the same database",
			  L_INT("partitions", count), L_INT("partition", first->partition),
			  L_INT("committed", first->facts.committed),
			  L_INT("position", first->facts.position));
}

int elsewhere_ask(struct elsewhere *e, const int64_t *committed, size_t n,
		  const struct partitions *ours, struct store_work *work)
{
	size_t asked = 0;

	resize(e, n);
	free(e->items);
	e->items = xcalloc(n + 1, sizeof(*e->items));
	for (size_t i = 0; i < n; i++) {
		if (committed[i] <= 0 || partitions_find(ours, (int32_t)i) != NULL)
			e->ahead[i] = 0;
		else
			e->items[asked++] =
				(struct position_item){.partition = (int32_t)i,
						       .at_least = START_NONE,
						       .facts = {.committed = committed[i]}};
	}
	*work = (struct store_work){.kind = STORE_CHECK, .items = e->items, .items_n = asked};
	if (asked == 0)
		say(e, NULL, 0);
	return asked > 0;
}

int elsewhere_answer(struct elsewhere *e, const struct store_work *done, int64_t now_ms)
{
	const struct position_item *first = NULL;

	if (done->kind != STORE_CHECK || done->items != e->items)
		return 0;
	for (size_t i = 0; i < done->items_n; i++) {
		const struct position_item *item = &done->items[i];
		int *ahead = &e->ahead[item->partition];

		*ahead = item->facts.position < item->facts.committed ? *ahead + 1 : 0;
		if (*ahead >= IN_A_ROW && first == NULL)
			first = item;
	}
	say(e, first, now_ms);
	return 1;
}

int elsewhere_count(const struct elsewhere *e)
{
	return e->count;
}
