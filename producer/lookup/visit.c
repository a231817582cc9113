/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visit.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "producer/series/series_ask.h"

struct visit *visit_new(struct visit orders, size_t series)
{
	struct visit *v = xcalloc(1, sizeof *v);

	*v = orders;
	v->partitions = xcalloc(series + 1, sizeof *v->partitions);
	v->series = xcalloc(series + 1, sizeof *v->series);
	return v;
}

void visit_free(struct visit *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++) {
		spans_release(&v->series[i].covered);
		spans_release(&v->series[i].corrections);
		stored_release(&v->series[i].stored);
		spans_release(&v->series[i].told);
		spans_release(&v->series[i].refused);
		unobtainable_release(&v->series[i].unobtainable);
		unobtainable_release(&v->series[i].unobtainable_before);
		unobtainable_release(&v->series[i].unobtainable_stored);
	}
	free(v->series);
	free(v->partitions);
	markets_release(&v->open);
	free(v);
}

struct visit_partition *visit_partition(struct visit *v, struct visit_partition partition)
{
	v->partitions[v->n_partitions] = partition;
	return &v->partitions[v->n_partitions++];
}

struct visit_partition *visit_find(const struct visit *v, int32_t partition)
{
	for (size_t i = 0; i < v->n_partitions; i++)
		if (v->partitions[i].id == partition)
			return &v->partitions[i];
	return NULL;
}

void visit_series(struct visit *v, struct series *s, struct visit_partition *p, int is_refused,
		  int64_t now_ms)
{
	struct visit_series *of = &v->series[v->n++];

	*of = (struct visit_series){.series = s,
				    .epoch = series_epoch(s),
				    .iv = series_interval(s),
				    .state = series_state(s),
				    .partition = p,
				    .version = p->reads_all ? 0 : series_version(s, now_ms),
				    .is_refused = is_refused,
				    .limits.retained_from_ms = INT64_MIN};
	snprintf(of->symbol, sizeof of->symbol, "%s", series_symbol(s));
	series_wanted(s, &of->wanted);
	snprintf(of->trouble, sizeof of->trouble, "%s", series_trouble(s));
	series_evidence(s, &of->evidence);
	series_corrections(s, &of->corrections);
	for (int i = 0; i < UNOBTAINABLE_REASONS; i++) {
		series_unobtainable(s, (enum unobtainable_reason)i, now_ms,
				    &of->unobtainable.of[i]);
		spans_copy(&of->unobtainable_before.of[i], &series_unobtainable_stored(s)->of[i]);
	}
}
