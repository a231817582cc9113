/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visitor.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/kafka.h"
#include "common/kafka_topic.h"
#include "common/pg.h"
#include "producer/lookup/visit_evidence.h"
#include "producer/lookup/visit_sql.h"

enum { QUERY_MS = 30000 };

struct visitor {
	const struct options *options;
	rd_kafka_t *rk; /* of its own: the publisher's is recreated after a fatal error */
	struct pg pg;
};

/* The members are compared, or it is said why not; the lookup itself does not depend on it. */
static int members_compare(struct visitor *v, struct visit *visit)
{
	struct err *err = &visit->members_err;

	if (members_ask(v->rk, v->options->group, v->options->client_id, &visit->members, err) ==
	    0) {
		visit->members_known = 1;
		return 0;
	}
	/* Nobody who is seen, nobody who is different. */
	visit->members_known = err->class == ERR_FATAL;
	if (err->class == ERR_FATAL || !visit->needs_members)
		return 0;
	visit->err = *err;
	return -1;
}

static int ends_of(struct visitor *v, struct visit_partition *const *p, size_t n, struct err *err)
{
	int32_t *ids = xcalloc(n + 1, sizeof *ids);
	int64_t *low = xcalloc(n + 1, sizeof *low), *end = xcalloc(n + 1, sizeof *end);
	const char *topic = v->options->topic;
	int rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = p[i]->id;
	rc = kafka_offsets(v->rk, topic, ids, n, RD_KAFKA_OFFSET_BEGINNING, low, err) ||
	     kafka_offsets(v->rk, topic, ids, n, RD_KAFKA_OFFSET_END, end, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		p[i]->low = low[i];
		p[i]->end = end[i];
	}
	free(ids);
	free(low);
	free(end);
	return rc;
}

/* All at once; where that fails, each by itself: one that cannot be read holds up no other. */
static void ends_read(struct visitor *v, struct visit *visit)
{
	struct visit_partition **begin = xcalloc(visit->n_partitions + 1, sizeof(void *));
	size_t n = 0;

	for (size_t i = 0; i < visit->n_partitions; i++)
		if (visit->partitions[i].begins)
			begin[n++] = &visit->partitions[i];
	if (ends_of(v, begin, n, NULL))
		for (size_t i = 0; i < n; i++)
			if (ends_of(v, &begin[i], 1, &begin[i]->err) == 0)
				err_clear(&begin[i]->err);
	free(begin);
}

static int writer_reached(const struct visit_partition *p)
{
	return p->err.class == ERR_NONE && (p->position > p->low ? p->position : p->low) >= p->end;
}

static int coverage_read(struct visitor *v, struct visit *visit)
{
	size_t any = 0;

	for (size_t i = 0; i < visit->n_partitions; i++)
		visit->partitions[i].reached = writer_reached(&visit->partitions[i]);
	for (size_t i = 0; i < visit->n; i++) {
		const struct visit_partition *p = visit->series[i].partition;

		visit->series[i].looked_up = p->reached || p->takes_anyway;
		any += (size_t)visit->series[i].looked_up;
	}
	if (any == 0)
		return 0;
	return visit_sql_coverage(&v->pg, visit, QUERY_MS, &visit->err) ||
	       visit_sql_stored(&v->pg, visit, QUERY_MS, &visit->err);
}

void visitor_visit(struct visitor *v, struct visit *visit)
{
	struct err *err = &visit->err;

	if (visit->asks_members && members_compare(v, visit))
		return;
	if (visit->n == 0)
		return;
	if (!pg_is_open(&v->pg) && pg_open(&v->pg, v->options->database, "gapless-producer", err))
		return;
	if (visit->writes_wanted &&
	    (visit_sql_wanted(&v->pg, v->options->source, visit, QUERY_MS, err) ||
	     visit_evidence(&v->pg, visit, QUERY_MS, err)))
		return;
	if (visit->reads_open && visit_sql_open(&v->pg, v->options->source, visit, QUERY_MS, err))
		return;
	ends_read(v, visit);
	if (visit_sql_positions(&v->pg, v->options->topic, visit, QUERY_MS, err))
		return;
	if (coverage_read(v, visit) == 0)
		err_clear(err);
}

struct visitor *visitor_new(const struct options *options, struct err *err)
{
	static const struct kafka_property role[] = {{NULL, NULL}};
	static const char *const fixed[] = {NULL};
	struct visitor *v = xcalloc(1, sizeof *v);
	rd_kafka_conf_t *conf;
	char text[256];

	v->options = options;
	conf = kafka_conf_new(options->brokers, role, fixed, &options->kafka, err);
	if (!conf)
		goto failed;
	v->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (v->rk)
		return v;
	rd_kafka_conf_destroy(conf);
	err_set(err, ERR_FATAL, "the Kafka client cannot be made: %s", text);
failed:
	visitor_free(v);
	return NULL;
}

void visitor_free(struct visitor *v)
{
	if (!v)
		return;
	pg_close(&v->pg);
	if (v->rk)
		rd_kafka_destroy(v->rk);
	free(v);
}
