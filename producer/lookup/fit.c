/* SPDX-License-Identifier: MIT */
#include "producer/lookup/fit.h"

#include <string.h>

#include "common/base/log.h"
#include "common/kafka/kafka_source.h"
#include "common/pg/pg_tables.h"

static int tables_fit(struct pg *pg, int *is_unfit, struct err *err)
{
	enum pg_tables tables = pg_tables_check(pg, err);

	if (tables == PG_TABLES_FIT)
		return 0;
	if (tables == PG_TABLES_ABSENT || tables == PG_TABLES_OLDER || tables == PG_TABLES_NEWER) {
		err->class = ERR_RETRY; /* they may come */
		*is_unfit = 1;
	}
	return -1;
}

/* A row: source and topic; where they are not written yet, another source that is in use. */
#define ORIGIN                                                                         \
	"SELECT o.source, o.topic FROM market_data_origin AS o"                        \
	" UNION ALL SELECT s.source, NULL FROM (SELECT source FROM market_data_series" \
	" WHERE source IS DISTINCT FROM $1 AND NOT EXISTS (SELECT FROM market_data_origin) LIMIT 1) AS s"

/* 1: it is of this source and topic, and says so; 0: it does not say yet. */
static int origin_fits(struct pg *pg, const char *source, const char *topic, int *is_unfit,
		       struct err *err)
{
	PGresult *res = pg_query(pg, ORIGIN, PG_VALUES(source), VISIT_DEADLINE_MS, err);
	int rc = res ? 0 : -1;

	if (res && PQntuples(res) > 0) {
		const char *in_use = PQgetvalue(res, 0, 0), *filled_from = PQgetvalue(res, 0, 1);

		rc = !PQgetisnull(res, 0, 1);
		if (strcmp(in_use, source) != 0)
			rc = err_set(
				err, ERR_FATAL,
				"the table in the database '%s' holds candles of the source '%s', this program is set to '%s' "
				"(--source): one table holds one source; name another --database and --topic",
				PQdb(pg->conn), in_use, source);
		else if (rc && strcmp(filled_from, topic) != 0)
			rc = err_set(
				err, ERR_FATAL,
				"the table in the database '%s' is filled from the topic '%s', this program is set to '%s' "
				"(--topic); if it is to be this one from now on: UPDATE market_data_origin SET topic = '%s'",
				PQdb(pg->conn), filled_from, topic, topic);
		*is_unfit |= rc < 0;
	}
	PQclear(res);
	return rc;
}

int fit_topic(rd_kafka_t *rk, const struct options *options, int *is_unfit, struct err *err)
{
	char other[SOURCE_BYTES];

	if (!kafka_source_is_other(rk, options->topic, options->source, other))
		return 0;
	*is_unfit = 1;
	return err_set(
		err, ERR_FATAL,
		"the topic %s carries candles of the source '%s', this program is set to '%s' (--source): one topic "
		"holds one source; name another --topic and --database",
		options->topic, other, options->source);
}

int fit_database(struct pg *pg, rd_kafka_t *rk, const struct options *options, int had_tables,
		 int *is_unfit, struct err *err)
{
	const char *source = options->source, *topic = options->topic;
	int fits;

	if (!had_tables && tables_fit(pg, is_unfit, err))
		return -1;
	fits = origin_fits(pg, source, topic, is_unfit, err);
	if (fits == 0) {
		if (fit_topic(rk, options, is_unfit, err) ||
		    pg_run(pg,
			   "INSERT INTO market_data_origin AS o (source, topic) VALUES ($1, $2)"
			   " ON CONFLICT (only_row) DO UPDATE SET topic = excluded.topic"
			   " WHERE o.topic IS NULL AND o.source = excluded.source",
			   PG_VALUES(source, topic), VISIT_DEADLINE_MS, err))
			return -1;
		/* Another one may have been faster. */
		fits = origin_fits(pg, source, topic, is_unfit, err);
	}
	return fits < 0 ? -1 : 0;
}

static int wants(const struct options *options, const char *symbol, const char *interval)
{
	for (size_t i = 0; i < options->n_intervals; i++)
		if (strcmp(options->intervals[i]->name, interval) == 0)
			return patterns_match(&options->patterns, symbol);
	return 0;
}

int fit_wanted_again(struct pg *pg, const struct options *options, struct err *err)
{
	PGresult *res = pg_query(
		pg,
		"SELECT symbol, \"interval\" FROM market_data_series WHERE source = $1 AND ended_at IS NOT NULL",
		PG_VALUES(options->source), VISIT_DEADLINE_MS, err);
	int rc = res ? 0 : -1;

	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		const char *symbol = PQgetvalue(res, i, 0), *interval = PQgetvalue(res, i, 1);

		if (!wants(options, symbol, interval))
			continue;
		rc = pg_run(pg,
			    "UPDATE market_data_series SET ended_at = NULL, state = 'ok'"
			    " WHERE symbol = $1 AND \"interval\" = $2",
			    PG_VALUES(symbol, interval), VISIT_DEADLINE_MS, err);
		if (rc == 0)
			log_info("what had ended is wanted again, by this producer",
				 L_STR("symbol", symbol), L_STR("interval", interval));
	}
	PQclear(res);
	return rc;
}
