/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visit.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"

struct visit *visit_new(struct visit orders, size_t partitions, size_t series)
{
	struct visit *v = xcalloc(1, sizeof *v);

	*v = orders;
	v->partitions = xcalloc(partitions + 1, sizeof *v->partitions);
	v->series = xcalloc(series + 1, sizeof *v->series);
	return v;
}

void visit_free(struct visit *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++) {
		spans_release(&v->series[i].covered);
		stored_release(&v->series[i].stored);
		spans_release(&v->series[i].limits.unobtainable);
	}
	free(v->series);
	free(v->partitions);
	free(v->open);
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

void visit_series(struct visit *v, struct series *s, struct visit_partition *p, int64_t boot_ms)
{
	struct visit_series *of = &v->series[v->n++];

	*of = (struct visit_series){.series = s,
				    .epoch = series_epoch(s),
				    .iv = series_interval(s),
				    .state = series_state(s, boot_ms),
				    .partition = p,
				    .limits.retained_from_ms = INT64_MIN};
	snprintf(of->symbol, sizeof of->symbol, "%s", series_symbol(s));
	series_wanted(s, &of->wanted);
}
