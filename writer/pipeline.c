/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include <stdlib.h>

#include "common/alloc.h"

enum { BATCHES = 2 };

struct pipeline {
	struct pipeline_config config;
	struct tally *tally;
	struct batch batches[BATCHES]; /* a ring */
	int lent[BATCHES];
	size_t filling;
};

struct pipeline *pipeline_new(const struct pipeline_config *config, struct tally *tally)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));

	p->config = *config;
	p->tally = tally;
	for (size_t i = 0; i < BATCHES; i++)
		batch_init(&p->batches[i], config->limits);
	return p;
}

void pipeline_free(struct pipeline *p)
{
	for (size_t i = 0; i < BATCHES; i++)
		batch_release(&p->batches[i]);
	free(p);
}

enum intake pipeline_take(struct pipeline *p, const struct arrival *a, int64_t now_ms,
			  struct err *why)
{
	struct batch *b = &p->batches[p->filling];
	struct message message = {0};
	enum intake kind = INTAKE_SKIP;
	int64_t offset = a->next - 1;

	if (a->wanted)
		kind = intake_judge(p->config.source, a->key, a->key_len, a->value, a->value_len,
				    &message, why);
	if (kind == INTAKE_HALT)
		return INTAKE_HALT;
	if (kind == INTAKE_DEAD && p->config.dead_limit != 0 && a->dead_run >= p->config.dead_limit)
		return INTAKE_FLOOD;
	batch_take(b, a->partition, a->from, offset, a->value_len + a->key_len, now_ms);
	tally_add(p->tally, TALLY_MESSAGES, a->has_message);
	if (kind == INTAKE_CANDLE) {
		batch_add(b, a->partition, offset, &message);
		tally_add(p->tally, TALLY_INCONSISTENT, candle_is_inconsistent(&message.candle));
	} else if (kind == INTAKE_DEAD) {
		batch_add_dead_letter(b, a->partition, offset, a->key, a->key_len, a->value,
				      a->value_len, why->text);
	} else {
		tally_add(p->tally, TALLY_SKIPPED, a->has_message);
	}
	return kind;
}

int pipeline_is_empty(const struct pipeline *p)
{
	return batch_is_empty(&p->batches[p->filling]);
}

int pipeline_is_full(const struct pipeline *p)
{
	return batch_is_full(&p->batches[p->filling]);
}

int64_t pipeline_due_in(const struct pipeline *p, int64_t now_ms)
{
	return batch_due_in(&p->batches[p->filling], now_ms);
}

struct batch *pipeline_next(struct pipeline *p)
{
	size_t next = (p->filling + 1) % BATCHES;
	struct batch *b = &p->batches[p->filling];

	if (p->lent[next])
		return NULL;
	batch_seal(b);
	p->lent[p->filling] = 1;
	p->filling = next;
	return b;
}

void pipeline_give_back(struct pipeline *p, struct batch *b)
{
	batch_clear(b);
	p->lent[b - p->batches] = 0;
}

void pipeline_drop(struct pipeline *p)
{
	batch_clear(&p->batches[p->filling]);
}
