/* SPDX-License-Identifier: MIT */
#include "assigned.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"

void assigned_set(struct assigned *a, const int32_t *ids, size_t n)
{
	free(a->v);
	a->v = n == 0 ? NULL : xcalloc(n, sizeof(*a->v));
	a->n = n;
	for (size_t i = 0; i < n; i++)
		a->v[i] = (struct partition){
			.id = ids[i], .end = INT64_MAX, .hole_at = -1, .confirmed = -1};
}

void assigned_release(struct assigned *a)
{
	assigned_set(a, NULL, 0);
}

struct partition *assigned_find(const struct assigned *a, int32_t id)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].id == id)
			return &a->v[i];
	}
	return NULL;
}

void assigned_restart(struct assigned *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->v[i].state = PARTITION_UNKNOWN;
}

enum arrival assigned_judge(struct partition *p, int64_t offset)
{
	if (p == NULL || p->state != PARTITION_READING)
		return ARRIVAL_IGNORED;
	if (offset == p->next)
		return ARRIVAL_NEXT;
	if (offset < p->next)
		return ARRIVAL_BACK;
	if (p->hole_at == p->next)
		return ARRIVAL_HOLE;
	p->hole_at = p->next;
	return ARRIVAL_JUMP;
}

void assigned_took(struct partition *p, int64_t offset)
{
	p->next = offset + 1;
	if (p->next >= p->end)
		p->state = PARTITION_DONE;
}

int assigned_all_done(const struct assigned *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].state != PARTITION_DONE)
			return 0;
	}
	return 1;
}

void assigned_start(struct partition *p, int64_t offset, int64_t stored, int64_t dead_run)
{
	p->state = offset < p->end ? PARTITION_READING : PARTITION_DONE;
	p->next = offset;
	p->stored = stored;
	p->dead_run = dead_run;
	p->confirmed = -1;
}

void assigned_halt(struct partition *p, const struct err *why)
{
	p->state = PARTITION_HALTED;
	p->say_halted = (struct log_throttle){0, 0};
	snprintf(p->halted, sizeof(p->halted), "%s", why->text);
}
