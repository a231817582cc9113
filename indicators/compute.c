/* SPDX-License-Identifier: MIT */
#include "compute.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/progress_show.h"
#include "common/base/stop.h"
#include "common/pg/pg.h"
#include "common/pg/pg_tables.h"
#include "indicators/database/table.h"
#include "indicators/output/output.h"
#include "indicators/series/history.h"

enum {
	WAIT_MS = 5,
	ENSURE_MS = 500,
	DEADLINE_MS = 30000,
	DRAIN_MS = 30000,
	ARGUMENTS_BYTES = 2048 /* it is part of a key: an index takes no more than 2700 */
};

struct compute {
	const struct options *options;
	struct pg pg;
	struct output *output;
	char arguments[ARGUMENTS_BYTES];
	/* the series that is computed */
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	struct set set;
	int64_t next_ms; /* bars from here on are not computed yet */
	int64_t outstanding;
	/* all of it */
	int is_refused; /* no series is asked for, or the tables are not fit */
	int64_t total, done, began_ms;
	struct progress_show show;
};

/* Is the word one of those of a setting, or is the setting empty? */
#define IS_LISTED(word, list)                                                               \
	"(coalesce(" list "::text, '') = '' OR " word " = ANY (regexp_split_to_array(" list \
	", '[, \t\r\n]+')))"

/* The series that are asked for: how many candles each of them has from where it stands, and
 * whether it is done. */
#define NEXT_FROM SQL_MS("c.next_from")
static const char sql_series[] =
	"SELECT s.symbol, s.interval, (SELECT count(*) FROM market_data AS m WHERE m.symbol = "
	"s.symbol AND m.interval = s.interval AND m.timestamp >= coalesce(c.next_from, "
	"to_timestamp($1::bigint / 1000.0), '-infinity') AND ($2::bigint IS NULL OR m.timestamp < "
	"to_timestamp($2::bigint / 1000.0))), coalesce(" NEXT_FROM ", $1::bigint, 0), "
	"coalesce(c.is_done, false) FROM market_data_coverage AS s "
	"LEFT JOIN market_data_indicator_compute AS c "
	"ON c.symbol = s.symbol AND c.interval = s.interval AND c.arguments = $3 "
	"WHERE " IS_LISTED("s.symbol", "$4") " AND " IS_LISTED("s.interval", "$5") " ORDER BY 1, 2";

static const char sql_note[] =
	"INSERT INTO market_data_indicator_compute (symbol, interval, arguments, next_from, is_done) "
	"VALUES ($1, $2, $3, to_timestamp($4::bigint / 1000.0), $5::boolean) "
	"ON CONFLICT (symbol, interval, arguments) DO UPDATE SET next_from = EXCLUDED.next_from, "
	"is_done = EXCLUDED.is_done";

/* What is done is forgotten when it is asked for again. */
static const char sql_again[] =
	"DELETE FROM market_data_indicator_compute AS c WHERE arguments = $1 AND NOT EXISTS "
	"(SELECT FROM market_data_indicator_compute AS o WHERE o.arguments = $1 AND NOT o.is_done)";

/* ---------------------------------------------------------------- a series */

static void show(struct compute *c)
{
	const struct progress_counter counters[] = {{"values", output_sent(c->output)}};
	struct progress p = {.title = "compute",
			     .unit = "candles",
			     .done = c->done,
			     .total = c->total,
			     .elapsed_ms = clock_boot_ms() - c->began_ms,
			     .counters = counters,
			     .n = 1};

	progress_show(&c->show, &p, clock_boot_ms());
}

/* Until all that was sent is acknowledged. 0, or -1: it will not be. */
static int wait_for_all(struct compute *c, struct err *err)
{
	while (c->outstanding > 0 && !stop_requested()) {
		output_step(c->output, WAIT_MS);
		if (output_broken(c->output))
			return err_set(err, ERR_FATAL, "%s; run the same command to go on",
				       output_broken(c->output));
	}
	return c->outstanding > 0 ? err_set(err, ERR_RETRY, "stopped") : 0;
}

static int note(struct compute *c, int is_done, struct err *err)
{
	return pg_run(&c->pg, sql_note,
		      PG_VALUES(c->symbol, c->interval->name, c->arguments, PG_INT(c->next_ms),
				PG_BOOL(is_done)),
		      DEADLINE_MS, err);
}

/* Feeds what was read; then everything up to its last bar is computed. */
static int feed(struct compute *c, struct history *h, int64_t as_of_ms, struct table_read *r,
		struct err *err)
{
	history_feed(h, as_of_ms, &r->covered, r->bars, r->n, r->is_behind != 0, output_value,
		     c->output);
	for (size_t i = 0; i < r->n; i++)
		c->done += r->bars[i].timestamp_ms >= c->next_ms;
	if (wait_for_all(c, err))
		return -1;
	FAULT("compute_chunk");
	if (r->n > 0 && r->bars[r->n - 1].timestamp_ms >= c->next_ms)
		c->next_ms = interval_end(c->interval, r->bars[r->n - 1].timestamp_ms);
	return note(c, r->is_end, err);
}

static int compute_series(struct compute *c, struct err *err)
{
	int64_t to_ms = c->options->to_ms == INT64_MIN ? INT64_MAX : c->options->to_ms;
	struct table_read r;
	struct history *h = history_new(&c->set, c->interval, c->options->fill,
					(struct span){c->next_ms, to_ms});
	int64_t as_of_ms = 0;
	int rc = table_as_of(&c->pg, c->symbol, c->interval, &as_of_ms, err);

	table_read_span(&r, c->symbol, c->interval, c->next_ms, &c->set, c->options->fill);
	output_begin(c->output, c->symbol, c->interval, &c->outstanding);
	while (rc == 0 && !r.is_end && !stop_requested()) {
		table_read_next(&r, to_ms);
		rc = table_read_all(&c->pg, c->options->topic, NULL, &r, 1, err);
		if (rc == 0)
			rc = feed(c, h, as_of_ms, &r, err);
		show(c);
	}
	table_read_release(&r);
	history_free(h);
	return rc;
}

/* ---------------------------------------------------------------- all of them */

/* 1 if something is to be computed of the series of the row of sql_series; it is then the current
 * one. */
static int choose(struct compute *c, const PGresult *res, int i)
{
	const struct interval *interval = interval_by_name(PQgetvalue(res, i, 1));

	if (!interval)
		return 0;
	set_of_interval(&c->options->set, interval, &c->set);
	if (c->set.n == 0)
		return 0;
	snprintf(c->symbol, sizeof c->symbol, "%s", PQgetvalue(res, i, 0));
	c->interval = interval;
	c->next_ms = pg_number(res, i, 3);
	return 1;
}

/* ... and is not computed yet. */
static int choose_next(struct compute *c, const PGresult *res, int i)
{
	return !pg_true(res, i, 4) && choose(c, res, i);
}

static PGresult *read_series(struct compute *c, struct err *err)
{
	if (pg_run(&c->pg, sql_again, PG_VALUES(c->arguments), DEADLINE_MS, err) ||
	    pg_run(&c->pg, "SET statement_timeout = 0", PG_NONE, DEADLINE_MS, err))
		return NULL;
	return pg_query(&c->pg, sql_series,
			PG_VALUES(PG_INT(c->options->from_ms), PG_INT(c->options->to_ms),
				  c->arguments, c->options->symbols, c->options->intervals),
			3600000, err);
}

static int compute_all(struct compute *c, struct err *err)
{
	PGresult *res = read_series(c, err);
	int rc = res ? 0 : -1, n = res ? PQntuples(res) : 0, asked_for = 0;

	/* Every series is noted before the first one is done: what is left shows after a crash. */
	for (int i = 0; i < n && rc == 0; i++) {
		asked_for += choose(c, res, i);
		if (!choose_next(c, res, i))
			continue;
		c->total += pg_number(res, i, 2);
		rc = note(c, 0, err);
	}
	c->is_refused = rc == 0 && asked_for == 0;
	if (c->is_refused)
		rc = err_set(err, ERR_FATAL,
			     "there is nothing to compute: no series of the table is one of "
			     "--symbols and --intervals with an indicator of --indicators");
	c->began_ms = clock_boot_ms();
	progress_show_begin(&c->show);
	for (int i = 0; i < n && rc == 0 && !stop_requested(); i++) {
		if (choose_next(c, res, i))
			rc = compute_series(c, err);
	}
	PQclear(res);
	return rc;
}

static int open_all(struct compute *c, struct err *err)
{
	const struct options *o = c->options;
	int has_topic = 0;

	if (snprintf(c->arguments, sizeof c->arguments, "%s %s %" PRId64 " %" PRId64 " %s %s %s",
		     o->indicators, o->no_trade, o->from_ms, o->to_ms, o->output_topic,
		     o->symbols ? o->symbols : "",
		     o->intervals ? o->intervals : "") >= ARGUMENTS_BYTES)
		return err_set(err, ERR_FATAL,
			       "--indicators, --symbols and --intervals are longer than %d "
			       "characters together: compute in several parts",
			       ARGUMENTS_BYTES);
	c->output = output_new(o, err);
	while (c->output && !(has_topic = output_has_topic(c->output, clock_boot_ms(), err))) {
		if (stop_requested())
			return -1;
		output_step(c->output, ENSURE_MS);
	}
	if (has_topic <= 0 || pg_open(&c->pg, o->database, "gapless-indicators", err))
		return -1;
	if (pg_tables_check(&c->pg, err) != PG_TABLES_FIT) {
		c->is_refused = err->class == ERR_FATAL;
		return -1;
	}
	return 0;
}

int compute(const struct options *o)
{
	struct compute *c = xcalloc(1, sizeof *c);
	struct err err = {0};
	int code = EXIT_DONE;

	c->options = o;
	if (open_all(c, &err) || compute_all(c, &err)) {
		code = c->is_refused ? EXIT_USAGE : EXIT_PERSON;
		if (c->is_refused)
			log_error(err.text);
		else
			log_error("not computed to the end; run the same command to go on",
				  L_STR("error", err.text));
	} else if (stop_requested()) {
		code = EXIT_PERSON;
		log_warn("stopped before the end; run the same command to go on");
	} else {
		log_info("computed", L_INT("candles", c->done),
			 L_INT("values", output_sent(c->output)));
	}
	stop_watchdog(DRAIN_MS / 1000);
	pg_close(&c->pg);
	if (output_free(c->output, DRAIN_MS / 2))
		free(c);
	return code;
}
