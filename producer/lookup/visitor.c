/* SPDX-License-Identifier: MIT */
#include "producer/lookup/visitor.h"

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/least.h"
#include "common/base/log.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_ensure.h"
#include "common/kafka/kafka_topic.h"
#include "common/pg/pg.h"
#include "common/pg/pg_tables.h"
#include "producer/lookup/fit.h"
#include "producer/lookup/visit_sql.h"

enum { UNREAD_MS = 15000 }; /* members that cannot be asked for so long are not waited for */

struct visitor {
	const struct options *options;
	/* Of its own: the publisher's is recreated after a fatal error. It sees what is in open
	 * transactions; the other one, made when it is needed, does not. */
	rd_kafka_t *rk, *stable_rk;
	struct pg pg;
	int64_t connections; /* that were opened */
	int has_tables;      /* they were fit at the start; later ones may go and come again */
	int asks_what_ended; /* when this producer started; until it was */
	int64_t members_unread_ms; /* since then they could not be asked for; 0: they could */
};

static int client_new(struct visitor *v, const char *isolation, rd_kafka_t **rk, struct err *err)
{
	const struct kafka_property role[] = {{"isolation.level", isolation}, {NULL, NULL}};
	static const char *const fixed[] = {"isolation.level", NULL};
	rd_kafka_conf_t *conf =
		kafka_conf_new(v->options->brokers, role, fixed, &v->options->kafka, err);

	*rk = conf ? kafka_client_new(RD_KAFKA_CONSUMER, conf, "client", err) : NULL;
	return *rk ? 0 : -1;
}

/* The members are compared, or it is said why not; the lookup itself does not depend on it. */
static int members_compare(struct visitor *v, struct visit *visit)
{
	struct err *err = &visit->members_err;
	int64_t boot_ms = clock_boot_ms();

	if (members_ask(v->rk, v->options->group, v->options->client_id, &visit->members, err) ==
	    0) {
		visit->members_read = 1;
		v->members_unread_ms = 0;
		return 0;
	}
	if (v->members_unread_ms == 0)
		v->members_unread_ms = boot_ms;
	/* Nobody who is seen, nobody who is different. */
	visit->members_read = err->class == ERR_FATAL ||
			      (visit->needs_members && boot_ms - v->members_unread_ms >= UNREAD_MS);
	if (visit->members_read || !visit->needs_members)
		return 0;
	visit->err = *err;
	return -1;
}

/* Both ends of the partitions that begin. The end is the high watermark: beyond what consumers may
 * read while a transaction is open, for what was published behind it is there, and not lost. */
static void ends_read(struct visitor *v, struct visit *visit)
{
	struct kafka_range *ranges = xcalloc(visit->n_partitions + 1, sizeof *ranges);
	size_t n = 0;

	for (size_t i = 0; i < visit->n_partitions; i++)
		if (visit->partitions[i].begins)
			ranges[n++].partition = visit->partitions[i].id;
	kafka_ranges(v->rk, v->options->topic, ranges, n);
	for (size_t i = 0; i < n; i++) {
		struct visit_partition *p = visit_find(visit, ranges[i].partition);

		p->low = ranges[i].low;
		p->end = ranges[i].high;
		p->err = ranges[i].err;
	}
	free(ranges);
}

/* How far consumers may read, where it is asked for: what the writer is held up by. */
static void stable_read(struct visitor *v, struct visit *visit)
{
	for (size_t i = 0; i < visit->n_partitions; i++) {
		struct visit_partition *p = &visit->partitions[i];
		struct err ignored;

		p->stable = -1;
		if (p->asks_stable &&
		    (v->stable_rk || client_new(v, "read_committed", &v->stable_rk, &ignored) == 0))
			(void)!kafka_offsets(v->stable_rk, v->options->topic, &p->id, 1,
					     RD_KAFKA_OFFSET_END, &p->stable, &ignored);
	}
}

/* How many of the series have changed, and how many rows were read of what is stored. */
static size_t changed_of(const struct visit *visit, size_t *stored)
{
	size_t n = 0;

	*stored = 0;
	for (size_t i = 0; i < visit->n; i++) {
		n += visit->series[i].looked_up && !visit->series[i].same;
		*stored += visit->series[i].stored.n;
	}
	return n;
}

static int coverage_read(struct visitor *v, struct visit *visit)
{
	size_t changed, stored, looked_up = 0;

	for (size_t i = 0; i < visit->n_partitions; i++) {
		struct visit_partition *p = &visit->partitions[i];

		p->reached = p->err.class == ERR_NONE && greatest(p->position, p->low) >= p->end;
	}
	for (size_t i = 0; i < visit->n; i++) {
		const struct visit_partition *p = visit->series[i].partition;

		visit->series[i].looked_up = p->reached || p->takes_anyway;
		looked_up += (size_t)visit->series[i].looked_up;
	}
	if (looked_up == 0)
		return 0;
	if (visit_sql_versions(&v->pg, v->connections, visit, &visit->err))
		return -1;
	if (changed_of(visit, &stored) > 0 && (visit_sql_coverage(&v->pg, visit, &visit->err) ||
					       visit_sql_stored(&v->pg, visit, &visit->err)))
		return -1;
	changed = changed_of(visit, &stored);
	log_debug("coverage is read", L_INT("series", visit->n), L_INT("changed", changed),
		  L_INT("stored", stored));
	/* No version tells of these: their pauses end. */
	return visit_sql_refused(&v->pg, visit, &visit->err);
}

/* Somebody may change that while it is in use. Asked as often as everything is read. */
static void policy_look(struct visitor *v, const struct visit *visit)
{
	int is_time = 0;
	struct err err;

	for (size_t i = 0; i < visit->n_partitions; i++)
		is_time |= visit->partitions[i].begins && visit->partitions[i].reads_all;
	if (is_time && kafka_topic_is_compacted(v->rk, v->options->topic, &err))
		log_error("the topic is compacted by now: Kafka removes what was published",
			  L_STR("error", err.text));
}

/* Opens the connection, if it is not, to a database that fits. */
static int database_open(struct visitor *v, struct visit *visit, struct err *err)
{
	const struct options *o = v->options;
	const char *host;

	if (pg_is_open(&v->pg))
		return 0;
	if (pg_open(&v->pg, o->database, "gapless-producer", err))
		return -1;
	v->connections++;
	if (fit_database(&v->pg, v->rk, o, v->has_tables, &visit->is_unfit, err)) {
		pg_close(&v->pg);
		/* A database that came up later than this producer may get its tables still. */
		visit->is_unfit &= visit->only_checks || err->class == ERR_FATAL;
		return -1;
	}
	v->has_tables = 1;
	host = PQhost(v->pg.conn);
	log_info("the database is connected", L_STR("database", PQdb(v->pg.conn)),
		 L_STR("host", host ? host : ""), L_STR("port", PQport(v->pg.conn)),
		 L_STR("user", PQuser(v->pg.conn)));
	return 0;
}

static void attempt(struct visitor *v, struct visit *visit)
{
	struct err *err = &visit->err, topic_err;

	if (visit->asks_members && members_compare(v, visit))
		return;
	if (visit->n == 0 && !visit->only_checks)
		return;
	if (database_open(v, visit, err)) {
		/* Without a database the topic alone can tell. */
		if (visit->only_checks && !visit->is_unfit &&
		    fit_topic(v->rk, v->options, &visit->is_unfit, &topic_err))
			*err = topic_err;
		return;
	}
	if (visit->only_checks || pg_tables_see_all(&v->pg, err))
		return;
	if (visit->writes_wanted && v->asks_what_ended && fit_wanted_again(&v->pg, v->options, err))
		return;
	v->asks_what_ended &= !visit->writes_wanted;
	if (visit->writes_wanted && visit_sql_wanted(&v->pg, v->options->source, visit, err))
		return;
	if (visit->reads_open && visit_sql_open(&v->pg, v->options->source, visit, err))
		return;
	if (visit_sql_series(&v->pg, v->options->source, visit, err))
		return;
	policy_look(v, visit);
	ends_read(v, visit);
	stable_read(v, visit);
	if (visit_sql_positions(&v->pg, v->options->topic, visit, err))
		return;
	if (coverage_read(v, visit) == 0)
		err_clear(err);
}

void visitor_visit(struct visitor *v, struct visit *visit)
{
	attempt(v, visit);
	if (visit->err.class != ERR_NONE)
		pg_tables_explain(&v->pg, &visit->err);
}

struct visitor *visitor_new(const struct options *options, int keeps_wanted, struct err *err)
{
	struct visitor *v = xcalloc(1, sizeof *v);

	v->options = options;
	v->asks_what_ended = keeps_wanted;
	if (client_new(v, "read_uncommitted", &v->rk, err) == 0)
		return v;
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
	if (v->stable_rk)
		rd_kafka_destroy(v->stable_rk);
	free(v);
}
