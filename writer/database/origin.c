/* SPDX-License-Identifier: MIT */
#include "origin.h"

/* An older installation has not written it down, but knows it of its series. */
#define SQL_OTHER                                                                                      \
	"SELECT format('this database holds candles of the source \"%s\", not of \"%s\" (--source): "  \
	"one topic and one table hold one source; use that source, or another database and topic', "   \
	"source, $1::text) FROM (SELECT source FROM (SELECT 1, o.source FROM market_data_origin AS o " \
	"UNION ALL (SELECT 2, s.source FROM market_data_series AS s LIMIT 1)) AS k(rank, source) "     \
	"ORDER BY rank LIMIT 1) AS known WHERE source <> $1"
#define SQL_MAY "SELECT has_table_privilege('market_data_origin', 'INSERT')"
#define SQL_CLAIM                                                         \
	"INSERT INTO market_data_origin (source, topic) VALUES ($1, $2) " \
	"ON CONFLICT (only_row) DO NOTHING"

int origin_check(struct pg *pg, const char *source, struct err *err)
{
	return pg_complains(pg, SQL_OTHER, PG_VALUES(source), ERR_INPUT, err) == 0 ? 0 : -1;
}

int origin_claim(struct pg *pg, const char *source, const char *topic, struct err *err)
{
	int64_t may;

	if (pg_ask(pg, SQL_MAY, PG_NONE, PG_DEADLINE_MS, &may, err) != 0)
		return -1;
	return may ? pg_run(pg, SQL_CLAIM, PG_VALUES(source, topic), PG_DEADLINE_MS, err) : 0;
}
