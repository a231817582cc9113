/* SPDX-License-Identifier: MIT */
#include "halts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

enum { ASK_MS = 3000, SAY_MS = 60000 };

struct halts {
	struct skip_item *asked; /* lent to the database */
	size_t asked_n;
	int64_t ask_due_ms, say_due_ms;
};

struct halts *halts_new(void)
{
	return xcalloc(1, sizeof(struct halts));
}

void halts_free(struct halts *h)
{
	skips_free(h->asked, h->asked_n);
	free(h);
}

int halts_are_due(const struct halts *h, const struct partitions *ps, int64_t now_ms)
{
	return now_ms >= h->ask_due_ms && partitions_number(ps, PARTITION_HALTED) > 0 &&
	       !partitions_are_starting(ps);
}

void halts_ask(struct halts *h, const struct partitions *ps, int64_t now_ms,
	       struct store_work *work)
{
	skips_free(h->asked, h->asked_n);
	h->asked = NULL;
	h->asked_n = 0;
	for (size_t i = 0; i < partitions_count(ps); i++) {
		const struct partition *p = partitions_at(ps, i);

		if (p->state == PARTITION_HALTED)
			h->asked = skips_add(h->asked, &h->asked_n, &p->halt);
	}
	h->ask_due_ms = now_ms + ASK_MS;
	*work = (struct store_work){.kind = STORE_SKIPS,
				    .generation = partitions_generation(ps),
				    .skips = h->asked,
				    .skips_n = h->asked_n};
}

/* With the command that gets it over that, if an upgrade is not what it needs. */
static void say(const char *text, const struct partition *p)
{
	char command[96];

	snprintf(command, sizeof(command),
		 "gapless-writer skip --partition %" PRId32 " --offset %" PRId64, p->id,
		 p->halt.offset);
	log_error(text, L_STR("error", p->halt.reason), L_INT("partition", p->id),
		  L_INT("offset", p->halt.offset), L_STR("to_skip_it", command));
}

unsigned halts_answer(struct halts *h, struct partitions *ps, const struct store_work *work,
		      const char *text, int64_t now_ms)
{
	unsigned news = HALTS_NOTHING;

	for (size_t i = 0; i < work->skips_n; i++) {
		const struct dead_letter *halt = &work->skips[i].halt;
		const struct partition *p = partitions_find(ps, halt->partition);
		int skipped = work->skips[i].skipped;
		int is_new = p != NULL && p->halt.offset == halt->offset && !p->judged && !skipped;

		partitions_judge(ps, halt->partition, halt->offset, skipped);
		if (skipped)
			news |= HALTS_PASSED;
		if (!is_new)
			continue;
		say(text, p);
		h->say_due_ms = now_ms + SAY_MS;
		news |= HALTS_NEW;
	}
	return news;
}

void halts_soon(struct halts *h)
{
	h->ask_due_ms = 0;
}

static void say_still(struct halts *h, const struct partitions *ps, int64_t now_ms)
{
	if (now_ms < h->say_due_ms)
		return;
	h->say_due_ms = now_ms + SAY_MS;
	for (size_t i = 0; i < partitions_count(ps); i++) {
		if (partitions_at(ps, i)->state == PARTITION_HALTED)
			say("a partition is still halted", partitions_at(ps, i));
	}
}

int halts_look(struct halts *h, const struct partitions *ps, struct consumer *c, int64_t now_ms)
{
	struct consumer_place *places;
	size_t n = 0;
	int is_lost;

	say_still(h, ps, now_ms);
	if (partitions_number(ps, PARTITION_HALTED) == 0)
		return 0;
	places = xcalloc(partitions_count(ps), sizeof(*places));
	for (size_t i = 0; i < partitions_count(ps); i++) {
		const struct partition *p = partitions_at(ps, i);

		if (p->state == PARTITION_HALTED)
			places[n++] = (struct consumer_place){p->id, p->halt.offset};
	}
	is_lost = consumer_has_lost_halt(c, places, n, now_ms);
	free(places);
	return is_lost;
}
