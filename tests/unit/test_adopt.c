/* SPDX-License-Identifier: MIT */
/* What is decided about a market_data that is there already (writer/adoption/adopt_plan.h), from
 * descriptions of it; and which migrations there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/pg/pg_tables.h"
#include "writer/adoption/adopt_plan.h"
#include "writer/commands/migrations.h"

#define COLUMN(name, type, kind)                      \
	{                                             \
		name, name, type, kind, NULL, 1, 0, 0 \
	}
#define ZONED "timestamp with time zone"

/* As 001 makes it. */
static const struct adopt_column fit[] = {
	COLUMN("symbol", "text C", "text"),          COLUMN("interval", "text C", "text"),
	COLUMN("timestamp", ZONED, "zoned"),         COLUMN("open", "numeric", "number"),
	COLUMN("high", "numeric", "number"),         COLUMN("low", "numeric", "number"),
	COLUMN("close", "numeric", "number"),        COLUMN("volume", "numeric", "number"),
	COLUMN("quote_volume", "numeric", "number"), COLUMN("revision", "bigint", "number"),
	COLUMN("fetched_at", ZONED, "zoned"),
};
enum { FIT = sizeof(fit) / sizeof(fit[0]), MOST = FIT + 4 };

static struct adopt_column columns[MOST];
static struct adopt_table table;
static struct adopt_plan plan;
static struct err err;

static int setup(void **state)
{
	(void)state;
	memcpy(columns, fit, sizeof(fit));
	table = (struct adopt_table){.kind = 'r',
				     .schema = "public",
				     .here = "public",
				     .has_key = 1,
				     .has_finite = 1,
				     .columns = columns,
				     .n = FIT};
	adopt_plan_init(&plan);
	err_clear(&err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	adopt_plan_release(&plan);
	return 0;
}

static enum adopt_verdict made(void)
{
	adopt_plan_release(&plan);
	return adopt_plan_make(&table, &plan, &err);
}

static void refused(const char *because)
{
	assert_int_equal(made(), ADOPT_REFUSE);
	assert_int_equal(err.class, ERR_FATAL);
	if (strstr(err.text, because) == NULL)
		fail_msg("'%s' says nothing about '%s'", err.text, because);
}

static int has(const struct buf *b, const char *text)
{
	return b->data != NULL && strstr(b->data, text) != NULL;
}

static void a_table_of_ours_is_fit(void **state)
{
	(void)state;
	assert_int_equal(made(), ADOPT_FIT);
	columns[FIT] = (struct adopt_column)COLUMN("note", "text", "text");
	table.n = FIT + 1;
	assert_int_equal(made(), ADOPT_FIT);
}

/* Each deviation alone makes a table that is adopted, or left alone where our writer is at work. */
static void every_deviation_counts(void **state)
{
	static const struct {
		size_t at;
		struct adopt_column column;
	} cases[] = {
		{0, COLUMN("symbol", "text", "text")},
		{1, COLUMN("interval", "character varying(8)", "text")},
		{2, COLUMN("timestamp", "timestamp without time zone", "naive")},
		{3, COLUMN("open", "double precision", "float")},
		{7, COLUMN("volume", "numeric(20,8)", "number")},
		{8, {"quote_volume", "quote_volume", "numeric", "number", NULL, 0, 0, 0}},
		{9, COLUMN("revision", "integer", "number")},
		{9, COLUMN("other", "bigint", "number")},
		{10, COLUMN("fetched_at", "date", "other")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		columns[cases[i].at] = cases[i].column;
		table.is_written = 0;
		assert_int_equal(made(), ADOPT_COPY);
		table.is_written = 1;
		assert_int_equal(made(), ADOPT_LEAVE);
		columns[cases[i].at] = fit[cases[i].at];
	}
	table.is_written = 0;
	table.has_key = 0;
	assert_int_equal(made(), ADOPT_COPY);
	table.has_key = 1;
	table.has_finite = 0;
	assert_int_equal(made(), ADOPT_COPY);
}

static void what_a_person_must_change_is_named(void **state)
{
	(void)state;
	table.kind = 'p';
	refused("natively partitioned"); /* although it is fit */
	table.has_key = 0;
	table.kind = 'v';
	refused("not a plain table");
	table.kind = 'r';
	table.children = "market_data_2024";
	refused("child tables, whose rows would be left behind: market_data_2024");
	table.is_hypertable = 1;
	refused("is a hypertable, which is adopted by way of a plain table");
	table.has_key = 1;
	table.has_finite = 0;
	refused("ADD CONSTRAINT market_data_finite CHECK (open > '-Infinity'");
	table.has_finite = 1;
	table.has_key = 0;
	table.is_hypertable = 0;
	table.children = NULL;
	table.here = "gapless";
	refused("schema public");
	table.here = "public";
	table.is_taken = 1;
	refused("market_data_inherited");
	table.is_taken = 0;
	table.users = "view latest";
	refused("view latest");
	table.users = NULL;
	columns[2] = (struct adopt_column)COLUMN("timestamp", "bigint", "number");
	refused("timestamp of market_data is bigint");
	columns[2] = (struct adopt_column)COLUMN("time", ZONED, "zoned");
	refused("no column timestamp");
	columns[2] = fit[2];
	columns[3] = (struct adopt_column)COLUMN("open", "text", "text");
	refused("open of market_data is text");
	columns[3] = fit[3];
	columns[0] = (struct adopt_column)COLUMN("symbol", "bigint", "number");
	refused("symbol of market_data is bigint");
	columns[0] = fit[0];
	columns[FIT] = (struct adopt_column)COLUMN("day", "date", "other");
	columns[FIT].generated = 1;
	table.n = FIT + 1;
	refused("day of market_data is generated");
}

static void values_are_read_as_what_they_mean(void **state)
{
	(void)state;
	columns[2] =
		(struct adopt_column)COLUMN("timestamp", "timestamp without time zone", "naive");
	columns[3] = (struct adopt_column)COLUMN("open", "real", "float");
	columns[8] = fit[10]; /* no quote_volume, and no revision */
	table.n = 9;
	assert_int_equal(made(), ADOPT_COPY);
	assert_true(has(&plan.batch, "o.\"timestamp\" AT TIME ZONE 'UTC' AS at"));
	assert_true(has(&plan.batch, "o.open::text::numeric AS open"));
	assert_true(has(&plan.batch, "o.high::numeric AS high"));
	assert_true(has(&plan.batch, "0::numeric AS quote_volume"));
	assert_false(
		has(&plan.batch, "fetched_at AS")); /* another program's word for something else */
	assert_int_equal(plan.columns.len, 0);
	columns[2] = fit[2];
	columns[8] = fit[8];
	assert_int_equal(made(), ADOPT_COPY);
	assert_true(has(&plan.batch, "o.\"timestamp\" AS at"));
	assert_true(has(&plan.batch, "coalesce(o.quote_volume::numeric, 0) AS quote_volume"));
}

static void other_columns_come_along(void **state)
{
	(void)state;
	table.has_key = 0;
	table.n = FIT + 4;
	columns[FIT] = (struct adopt_column){
		"id", "id", "bigint", "number", "nextval('s'::regclass)", 1, 0, 0};
	columns[FIT + 1] = (struct adopt_column){"a b", "\"a b\"", "text C", "text", NULL, 1, 0, 0};
	columns[FIT + 2] = (struct adopt_column){"n", "n", "integer", "number", NULL, 1, 1, 0};
	columns[FIT + 3] = (struct adopt_column){"at", "at", "date", "other", "now()", 0, 0, 0};
	assert_int_equal(made(), ADOPT_COPY);
	assert_string_equal(
		plan.columns.data,
		"ALTER TABLE market_data_adopting ADD COLUMN id bigint DEFAULT nextval('s'::regclass) NOT NULL;\n"
		"ALTER TABLE market_data_adopting ADD COLUMN \"a b\" text COLLATE \"C\";\n"
		"ALTER TABLE market_data_adopting ADD COLUMN n integer GENERATED BY DEFAULT AS IDENTITY;\n"
		"ALTER TABLE market_data_adopting ADD COLUMN at date DEFAULT now();\n");
	assert_true(
		has(&plan.batch, ", o.id AS e11, o.\"a b\" AS e12, o.n AS e13, o.at AS e14 FROM"));
	assert_true(has(&plan.batch, "quote_volume, id, \"a b\", n, at) SELECT"));
	assert_true(has(&plan.batch, "quote_volume, e11, e12, e13, e14 FROM best"));
	assert_true(has(
		&plan.batch,
		", id = excluded.id, \"a b\" = excluded.\"a b\", n = excluded.n, at = excluded.at)"));
}

static void every_program_asks_for_the_newest_migration(void **state)
{
	(void)state;
	assert_int_equal(migrations[migrations_n - 1].number, MIGRATION_NEWEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_table_of_ours_is_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(every_deviation_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_person_must_change_is_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(values_are_read_as_what_they_mean, setup, teardown),
		cmocka_unit_test_setup_teardown(other_columns_come_along, setup, teardown),
		cmocka_unit_test(every_program_asks_for_the_newest_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
