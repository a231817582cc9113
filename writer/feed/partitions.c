/* SPDX-License-Identifier: MIT */
#include "partitions.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"

struct partitions {
	struct partition *v;
	size_t n;
	int64_t generation;
};

struct partitions *partitions_new(void)
{
	return xcalloc(1, sizeof(struct partitions));
}

static const struct dead_letter no_halt = {.offset = -1};

/* Forgets the n oldest skipped ones. */
static void forget_skipped(struct partition *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dead_letter_release(&p->skipped[i]);
	p->skipped_n -= n;
	memmove(p->skipped, p->skipped + n, p->skipped_n * sizeof(*p->skipped));
}

static void clear(struct partitions *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		struct partition *p = &ps->v[i];

		dead_letter_release(&p->halt);
		if (p->skipped != NULL)
			forget_skipped(p, p->skipped_n);
		free(p->skipped);
	}
	free(ps->v);
}

void partitions_free(struct partitions *ps)
{
	if (ps == NULL)
		return;
	clear(ps);
	free(ps);
}

void partitions_set(struct partitions *ps, const int32_t *ids, size_t n)
{
	clear(ps);
	ps->v = n == 0 ? NULL : xcalloc(n, sizeof(*ps->v));
	ps->n = n;
	ps->generation++;
	for (size_t i = 0; i < n; i++)
		ps->v[i] = (struct partition){.id = ids[i],
					      .end = INT64_MAX,
					      .confirmed = -1,
					      .message_at = -1,
					      .halt = no_halt};
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
	p->next = p->finished = start->offset;
	p->committed = start->committed > start->offset ? start->committed : start->offset;
	p->end = start->end;
	p->position = start->position;
	p->dead_run = start->dead_run;
	p->confirmed = p->message_at = -1;
}

void partitions_leave_out(struct partitions *ps, int32_t id)
{
	struct partition *p = find(ps, id);

	if (p != NULL)
		p->state = PARTITION_UNREAD;
}

void partitions_take(struct partitions *ps, int32_t id, int64_t next, int64_t dead_run)
{
	struct partition *p = find(ps, id);

	p->next = next;
	p->dead_run = dead_run;
	if (next >= p->end)
		p->state = PARTITION_DONE;
}

void partitions_halt(struct partitions *ps, const struct arrival *a, const struct err *why)
{
	struct partition *p = find(ps, a->partition);

	p->state = PARTITION_HALTED;
	p->judged = p->judged && p->halt.offset == a->offset;
	p->halted_ms = a->appended_ms;
	dead_letter_release(&p->halt);
	dead_letter_init(&p->halt, a, why->text);
}

void partitions_judge(struct partitions *ps, int32_t id, int64_t offset, int skipped)
{
	struct partition *p = find(ps, id);

	if (p == NULL || p->halt.offset != offset)
		return;
	p->judged = !skipped;
	if (!skipped)
		return;
	p->skipped = xreallocarray(p->skipped, p->skipped_n + 1, sizeof(*p->skipped));
	p->skipped[p->skipped_n++] = p->halt;
	p->halt = no_halt;
}

int partition_skips(const struct partition *p, const struct arrival *a)
{
	for (size_t i = 0; i < p->skipped_n; i++) {
		if (dead_letter_is_of(&p->skipped[i], a))
			return 1;
	}
	return 0;
}

void partitions_confirm(struct partitions *ps, int32_t id, int64_t position, int64_t message_at)
{
	struct partition *p = find(ps, id);

	if (p == NULL)
		return;
	p->confirmed = position;
	p->message_at = message_at;
}

void partitions_store(struct partitions *ps, int32_t id, int64_t next)
{
	struct partition *p = find(ps, id);
	size_t passed = 0;

	if (p == NULL)
		return;
	while (passed < p->skipped_n && p->skipped[passed].offset < next)
		passed++;
	if (passed > 0)
		forget_skipped(p, passed);
	p->finished = next;
	if (p->position < next)
		p->position = next;
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

int32_t *partitions_in(const struct partitions *ps, int state, size_t *n)
{
	int32_t *ids = xcalloc(ps->n + 1, sizeof(*ids));

	*n = 0;
	for (size_t i = 0; i < ps->n; i++) {
		if (state == PARTITIONS_ALL || (int)ps->v[i].state == state)
			ids[(*n)++] = ps->v[i].id;
	}
	return ids;
}

size_t partitions_number(const struct partitions *ps, enum partition_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->n; i++)
		n += ps->v[i].state == state;
	return n;
}

int partitions_are_starting(const struct partitions *ps)
{
	return partitions_number(ps, PARTITION_UNKNOWN) > 0;
}

int partitions_are_done(const struct partitions *ps)
{
	return ps->n > 0 && partitions_number(ps, PARTITION_DONE) == ps->n;
}

enum arrival_at partition_judge(const struct partition *p, int64_t offset)
{
	if (p == NULL || p->state != PARTITION_READING)
		return ARRIVES_IGNORED;
	return offset < p->next ? ARRIVES_BACK : ARRIVES_NEXT;
}
