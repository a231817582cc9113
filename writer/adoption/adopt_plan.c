/* SPDX-License-Identifier: MIT */
#include "adopt_plan.h"

#include <string.h>

enum { SQL_MAX_BYTES = 1 << 20 };

/* Our columns, in the order of 001; those that come from an inherited table first. */
enum { INHERITED = 9, OURS = 11, VALUES_FROM = 3 };
static const struct {
	const char *name, *type;
	const char *kinds; /* what it can be made of */
} ours[OURS] = {
	{"symbol", "text C", "text"},
	{"interval", "text C", "text"},
	{"timestamp", "timestamp with time zone", "naive zoned"},
	{"open", "numeric", "float number"},
	{"high", "numeric", "float number"},
	{"low", "numeric", "float number"},
	{"close", "numeric", "float number"},
	{"volume", "numeric", "float number"},
	{"quote_volume", "numeric", "float number"},
	{"revision", "bigint", ""},
	{"fetched_at", "timestamp with time zone", ""},
};

enum { QUOTE_VOLUME = 8 };

void adopt_plan_init(struct adopt_plan *plan)
{
	buf_init(&plan->check, SQL_MAX_BYTES);
	buf_init(&plan->columns, SQL_MAX_BYTES);
	buf_init(&plan->batch, SQL_MAX_BYTES);
}

void adopt_plan_release(struct adopt_plan *plan)
{
	buf_release(&plan->check);
	buf_release(&plan->columns);
	buf_release(&plan->batch);
}

static const struct adopt_column *find(const struct adopt_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++) {
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

static int is_ours(const char *name)
{
	for (size_t i = 0; i < OURS; i++) {
		if (strcmp(ours[i].name, name) == 0)
			return 1;
	}
	return 0;
}

static int is_fit(const struct adopt_table *table)
{
	for (size_t i = 0; i < OURS; i++) {
		const struct adopt_column *c = find(table, ours[i].name);

		if (c == NULL || !c->not_null || strcmp(c->type, ours[i].type) != 0)
			return 0;
	}
	return table->has_key && table->has_finite;
}

static int lacks_check_alone(const struct adopt_table *table)
{
	struct adopt_table checked = *table;

	checked.has_finite = 1;
	return is_fit(&checked);
}

#define SQL_FINITE                                                                                       \
	"CHECK (open > '-Infinity' AND open < 'Infinity' AND high > '-Infinity' AND high < 'Infinity' "  \
	"AND low > '-Infinity' AND low < 'Infinity' AND close > '-Infinity' AND close < 'Infinity' AND " \
	"volume >= 0 AND volume < 'Infinity' AND quote_volume >= 0 AND quote_volume < 'Infinity')"

#define refuse(...) err_set(err, ERR_FATAL, __VA_ARGS__)

static int check_table(const struct adopt_table *t, struct err *err)
{
	if (t->kind == 'p')
		return refuse(
			"market_data is natively partitioned, which is not supported; copy its rows into a plain table, or a "
			"hypertable of TimescaleDB: ALTER TABLE market_data RENAME TO market_data_old; CREATE TABLE market_data "
			"AS SELECT * FROM market_data_old; and run this again");
	if (t->kind != 'r')
		return refuse(
			"market_data is not a plain table, so that it cannot be adopted; copy its rows into one: ALTER ... "
			"market_data RENAME TO market_data_old; CREATE TABLE market_data AS SELECT * FROM market_data_old");
	if (strcmp(t->schema, t->here) != 0)
		return refuse(
			"market_data lies in the schema %s, but new tables are made in %s; set search_path so that %s comes "
			"first (ALTER ROLE ... SET search_path)",
			t->schema, t->here, t->schema);
	if (t->is_taken)
		return refuse(
			"market_data is to be adopted and would be kept as market_data_inherited, but a table of that name is "
			"there; drop or rename it");
	if (t->is_hypertable && lacks_check_alone(t))
		return refuse(
			"market_data lacks the check market_data_finite; add it: ALTER TABLE market_data ADD CONSTRAINT "
			"market_data_finite " SQL_FINITE);
	if (t->is_hypertable)
		return refuse(
			"market_data is a hypertable, which is adopted by way of a plain table: ALTER TABLE market_data RENAME "
			"TO market_data_old; CREATE TABLE market_data AS SELECT * FROM market_data_old; run this again, which "
			"makes a hypertable of it; and DROP TABLE market_data_old when everything is there");
	if (t->children != NULL)
		return refuse(
			"market_data has child tables, whose rows would be left behind: %s; put all rows into one table: ALTER "
			"TABLE market_data RENAME TO market_data_old; CREATE TABLE market_data AS SELECT * FROM market_data_old; "
			"and run this again",
			t->children);
	if (t->users != NULL)
		return refuse(
			"market_data is to be adopted, but what depends on it would go on reading the old table: %s; keep "
			"the definitions (pg_dump, \\d+), drop them, run this again, and recreate them on market_data",
			t->users);
	return 0;
}

static int check_columns(const struct adopt_table *t, struct err *err)
{
	for (size_t i = 0; i < INHERITED; i++) {
		const struct adopt_column *c = find(t, ours[i].name);

		if (c == NULL && i != QUOTE_VOLUME)
			return refuse(
				"market_data has no column %s, so that it cannot be adopted; rename the column that holds it, "
				"or rename the table if it is another program's",
				ours[i].name);
		if (c != NULL && strstr(ours[i].kinds, c->kind) == NULL)
			return refuse(
				"the column %s of market_data is %s, which is not adopted; change it to %s: ALTER TABLE "
				"market_data ALTER COLUMN %s TYPE %s USING ...",
				c->name, c->type, i < 2 ? "text" : ours[i].type, c->ident,
				i < 2 ? "text" : ours[i].type);
	}
	for (size_t i = 0; i < t->n; i++) {
		if (t->columns[i].generated)
			return refuse(
				"the column %s of market_data is generated, which is not adopted: ALTER TABLE market_data "
				"ALTER COLUMN %s DROP EXPRESSION keeps its values, DROP COLUMN drops them",
				t->columns[i].name, t->columns[i].ident);
	}
	return 0;
}

/* A default must stand where NOT NULL is to stay: the writer fills only our columns. */
static void plan_columns(const struct adopt_table *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct adopt_column *c = &t->columns[i];
		size_t type_len = strlen(c->type);
		int is_c = type_len > 2 && strcmp(c->type + type_len - 2, " C") == 0;

		if (is_ours(c->name))
			continue;
		buf_printf(out, "ALTER TABLE market_data_adopting ADD COLUMN %s %.*s%s", c->ident,
			   (int)type_len - (is_c ? 2 : 0), c->type, is_c ? " COLLATE \"C\"" : "");
		if (c->identity)
			buf_printf(out, " GENERATED BY DEFAULT AS IDENTITY");
		else if (c->fallback != NULL)
			buf_printf(out, " DEFAULT %s%s", c->fallback,
				   c->not_null ? " NOT NULL" : "");
		buf_printf(out, ";\n");
	}
}

/* SELECT list of CTE r: our columns as numeric and timestamptz, then the others as e0, e1, ...
 *
 * A float's text is the shortest that reads back as the same float, which is what the exchange had
 * sent. A naive timestamp is UTC, whatever the session's time zone. */
static void plan_read(const struct adopt_table *t, struct buf *out)
{
	const struct adopt_column *at = find(t, "timestamp");

	buf_printf(
		out,
		"o.symbol::text COLLATE \"C\" AS market, o.\"interval\"::text COLLATE \"C\" AS spelling, "
		"o.\"timestamp\"%s AS at",
		strcmp(at->kind, "naive") == 0 ? " AT TIME ZONE 'UTC'" : "");
	for (size_t i = VALUES_FROM; i < INHERITED; i++) {
		const struct adopt_column *c = find(t, ours[i].name);
		const char *via = c != NULL && strcmp(c->kind, "float") == 0 ? "::text::numeric"
									     : "::numeric";

		if (c == NULL)
			buf_printf(out, ", 0::numeric AS %s", ours[i].name);
		else if (i == QUOTE_VOLUME)
			buf_printf(out, ", coalesce(o.%s%s, 0) AS %s", ours[i].name, via,
				   ours[i].name);
		else
			buf_printf(out, ", o.%s%s AS %s", ours[i].name, via, ours[i].name);
	}
	for (size_t i = 0; i < t->n; i++)
		if (!is_ours(t->columns[i].name))
			buf_printf(out, ", o.%s AS e%zu", t->columns[i].ident, i);
}

/* The other columns, each after a comma; how: the format of one, with ident and number. */
enum how { TARGET, SOURCE, REPLACE };
static void plan_extra(const struct adopt_table *t, struct buf *out, enum how how)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct adopt_column *c = &t->columns[i];

		if (is_ours(c->name))
			continue;
		if (how == TARGET)
			buf_printf(out, ", %s", c->ident);
		else if (how == SOURCE)
			buf_printf(out, ", e%zu", i);
		else
			buf_printf(out, ", %s = excluded.%s", c->ident, c->ident);
	}
}

/* CTE r as plan_read makes it -> CTE j: what each row is with us, and what is wrong with it. Names
 * are translated once for each spelling. */
#define SQL_JUDGED                                                                                                  \
	"k AS MATERIALIZED (SELECT s.spelling, n.name, interval_length(n.name) AS step FROM (SELECT DISTINCT "      \
	"spelling FROM r) AS s, LATERAL (SELECT interval_name(s.spelling)) AS n(name)),\n"                          \
	"y AS MATERIALIZED (SELECT s.market, market_name(s.market) COLLATE \"C\" AS symbol FROM (SELECT DISTINCT "  \
	"market FROM r) AS s),\n"                                                                                   \
	"j AS MATERIALIZED (SELECT r.*, y.symbol, k.name, candle_fault(y.symbol, k.name, k.step, r.at, r.open, "    \
	"r.high, r.low, r.close, r.volume, r.quote_volume) AS fault FROM r LEFT JOIN k ON k.spelling = r.spelling " \
	"LEFT JOIN y ON y.market = r.market)"

/* What mends a reason, for the example row x of it; %s: of naive timestamps, that they are UTC. */
#define SQL_MEND                                                                                                    \
	"CASE WHEN x.fault LIKE 'not a symbol%%' THEN format('UPDATE market_data SET symbol = ''KRW-BTC'' WHERE "   \
	"symbol = %%L, and so on', x.market) "                                                                      \
	"WHEN x.fault = 'not the name of an interval' THEN format('UPDATE market_data SET interval = ''1m'' WHERE " \
	"interval = %%L, and so on', x.spelling) "                                                                  \
	"WHEN x.fault = 'not the start of an interval' THEN 'UPDATE market_data SET timestamp = "                   \
	"interval_floor(interval_name(interval::text), timestamp%s)%s' ELSE 'DELETE them, or UPDATE their values' END"

static void plan_check(const struct adopt_table *t, struct buf *out)
{
	const char *zone =
		strcmp(find(t, "timestamp")->kind, "naive") == 0 ? " AT TIME ZONE ''UTC''" : "";

	buf_printf(out, "WITH r AS MATERIALIZED (SELECT o AS whole, ");
	plan_read(t, out);
	buf_printf(
		out,
		" FROM market_data AS o TABLESAMPLE SYSTEM ($1::float8) REPEATABLE (1)),\n" SQL_JUDGED
		"\nSELECT (SELECT count(*) FROM j), (SELECT count(*) FROM j WHERE fault IS NOT NULL), x.fault, "
		"left(to_jsonb(x.whole)::text, 120), " SQL_MEND
		" FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT j.* FROM j WHERE j.fault = (SELECT mode() WITHIN "
		"GROUP (ORDER BY f.fault) FROM j AS f) LIMIT 1) AS x ON true",
		zone, zone);
}

/* Of the rows of one key the one with the greatest volume is kept: a half-formed candle has less.
 * Of equals the one that stands last in the table. That holds within a batch (ranked) and against
 * earlier batches (best), whose row is replaced then. Every row that is read ends in the new table
 * or is set aside. LATERAL with LIMIT: one lookup into the index a key, whatever the planner thinks
 * of a table without statistics. */
static void plan_batch(const struct adopt_table *t, struct buf *out)
{
	buf_printf(out, "WITH r AS MATERIALIZED (SELECT o.ctid AS place, o AS whole, ");
	plan_read(t, out);
	buf_printf(
		out,
		" FROM market_data AS o WHERE o.ctid >= $1::tid AND o.ctid < $2::tid),\n" SQL_JUDGED
		",\n"
		"ranked AS MATERIALIZED (SELECT j.*, row_number() OVER (PARTITION BY symbol, name, at ORDER BY volume DESC, "
		"place DESC) AS rank FROM j WHERE fault IS NULL),\n"
		"best AS MATERIALIZED (SELECT b.*, m.doc AS displaced, m.volume > b.volume AS loses FROM ranked AS b LEFT "
		"JOIN LATERAL (SELECT to_jsonb(d) - 'revision' - 'fetched_at' AS doc, d.volume FROM market_data_adopting AS d "
		"WHERE d.symbol = b.symbol AND d.\"interval\" = b.name AND d.\"timestamp\" = b.at LIMIT 1) AS m ON true WHERE "
		"b.rank = 1),\n"
		"written AS (INSERT INTO market_data_adopting (symbol, \"interval\", \"timestamp\", open, high, low, close, "
		"volume, quote_volume");
	plan_extra(t, out, TARGET);
	buf_printf(out, ") SELECT symbol, name, at, open, high, low, close, volume, quote_volume");
	plan_extra(t, out, SOURCE);
	buf_printf(
		out,
		" FROM best WHERE loses IS NOT TRUE ORDER BY symbol, name, at ON CONFLICT (symbol, \"interval\", "
		"\"timestamp\") DO UPDATE SET open = excluded.open, high = excluded.high, low = excluded.low, close = "
		"excluded.close, volume = excluded.volume, quote_volume = excluded.quote_volume");
	plan_extra(t, out, REPLACE);
	buf_printf(
		out,
		"),\n"
		"aside AS (INSERT INTO market_data_set_aside (run, reason, symbol, \"interval\", \"timestamp\", inherited) "
		"SELECT $3::int, fault, symbol, coalesce(name, spelling), at, to_jsonb(whole) FROM j WHERE fault IS NOT NULL "
		"UNION ALL SELECT $3::int, 'duplicate', symbol, name, at, to_jsonb(whole) FROM ranked WHERE rank > 1 "
		"UNION ALL SELECT $3::int, 'duplicate', symbol, name, at, CASE WHEN loses THEN to_jsonb(whole) ELSE displaced "
		"END FROM best WHERE loses IS NOT NULL RETURNING reason)\n"
		"SELECT (SELECT count(*) FROM r), (SELECT count(*) FROM aside WHERE reason = 'duplicate'), "
		"(SELECT count(*) FROM aside WHERE reason <> 'duplicate')");
}

enum adopt_verdict adopt_plan_make(const struct adopt_table *table, struct adopt_plan *plan,
				   struct err *err)
{
	if (table->kind == 'p' && check_table(table, err) != 0)
		return ADOPT_REFUSE;
	if (is_fit(table))
		return ADOPT_FIT;
	if (table->is_written)
		return ADOPT_LEAVE;
	if (check_table(table, err) != 0 || check_columns(table, err) != 0)
		return ADOPT_REFUSE;
	plan_check(table, &plan->check);
	plan_columns(table, &plan->columns);
	plan_batch(table, &plan->batch);
	if (buf_check(&plan->check) != 0 || buf_check(&plan->columns) != 0 ||
	    buf_check(&plan->batch) != 0) {
		err_set(err, ERR_FATAL, "market_data has too many columns to be adopted");
		return ADOPT_REFUSE;
	}
	return ADOPT_COPY;
}
