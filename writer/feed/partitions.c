/* SPDX-License-Identifier: MIT */
#include "partitions.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"

struct partitions {
	struct partition *v;
	size_t n;
	int64_t generation;
};

struct partitions *partitions_new(void)
{
	return xcalloc(1, sizeof(struct partitions));
}

void partitions_free(struct partitions *ps)
{
	if (ps == NULL)
		return;
	free(ps->v);
	free(ps);
}

void partitions_set(struct partitions *ps, const int32_t *ids, size_t n)
{
	free(ps->v);
	ps->v = n == 0 ? NULL : xcalloc(n, sizeof(*ps->v));
	ps->n = n;
	ps->generation++;
	for (size_t i = 0; i < n; i++)
		ps->v[i] = (struct partition){.id = ids[i], .end = INT64_MAX, .confirmed = -1};
}

void partitions_restart(struct partitions *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		ps->v[i].state = PARTITION_UNKNOWN;
	ps->generation++;
}

static struct partition *find(const struct partitions *ps, int32_t id)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->v[i].id == id)
			return &ps->v[i];
	}
	return NULL;
}

void partitions_start(struct partitions *ps, int32_t id, const struct partition_start *start)
{
	struct partition *p = find(ps, id);

	if (p == NULL)
		return;
	p->state = start->offset < start->end ? PARTITION_READING : PARTITION_DONE;
	p->next = p->finished = p->committed = start->offset;
	p->end = start->end;
	p->stored = start->stored;
	p->dead_run = start->dead_run;
	p->confirmed = -1;
}

void partitions_take(struct partitions *ps, int32_t id, int64_t next, int64_t dead_run)
{
	struct partition *p = find(ps, id);

	p->next = next;
	p->dead_run = dead_run;
	if (next >= p->end)
		p->state = PARTITION_DONE;
}

void partitions_halt(struct partitions *ps, int32_t id, int64_t offset, int64_t appended_ms,
		     const struct err *why)
{
	struct partition *p = find(ps, id);

	p->state = PARTITION_HALTED;
	p->halted_at = offset;
	p->halted_ms = appended_ms;
	snprintf(p->halted, sizeof(p->halted), "%s", why->text);
}

void partitions_confirm(struct partitions *ps, int32_t id, int64_t position)
{
	struct partition *p = find(ps, id);

	if (p != NULL)
		p->confirmed = position;
}

void partitions_store(struct partitions *ps, int32_t id, int64_t next)
{
	struct partition *p = find(ps, id);

	if (p == NULL)
		return;
	p->finished = next;
	if (p->stored < next)
		p->stored = next;
}

void partitions_committed(struct partitions *ps, int32_t id, int64_t offset)
{
	struct partition *p = find(ps, id);

	if (p != NULL)
		p->committed = offset;
}

int64_t partitions_generation(const struct partitions *ps)
{
	return ps->generation;
}

size_t partitions_count(const struct partitions *ps)
{
	return ps->n;
}

const struct partition *partitions_at(const struct partitions *ps, size_t i)
{
	return &ps->v[i];
}

const struct partition *partitions_find(const struct partitions *ps, int32_t id)
{
	return find(ps, id);
}

static size_t count(const struct partitions *ps, enum partition_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->n; i++)
		n += ps->v[i].state == state;
	return n;
}

int partitions_are_starting(const struct partitions *ps)
{
	return count(ps, PARTITION_UNKNOWN) > 0;
}

int partitions_are_done(const struct partitions *ps)
{
	return ps->n > 0 && count(ps, PARTITION_DONE) == ps->n;
}

enum arrival_at partition_judge(const struct partition *p, int64_t offset)
{
	if (p == NULL || p->state != PARTITION_READING)
		return ARRIVES_IGNORED;
	return offset < p->next ? ARRIVES_BACK : ARRIVES_NEXT;
}
