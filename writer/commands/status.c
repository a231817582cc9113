/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/text/timetext.h"
#include "common/text/utf8.h"
#include "gaps.h"
#include "on_database.h"
#include "status_view.h"
#include "writer/database/database.h"

enum {
	WAIT_MS = 30000,
	DEADLINE_MS = 300000,
	WATCH_MS = 2000,
	DAY_MS = 24 * 3600 * 1000,
	COLUMNS = 80,
	OUTPUT_BYTES = 64 << 20
};

#define SQL_MS(x) "(extract(epoch FROM " x ") * 1000)::bigint"

/* $3: the instant, the end of the bars. */
enum { SYMBOL, INTERVAL, STATE, NEWEST, LAG, GAPS, MISSING };
#define SQL_SERIES                                                                         \
	"SELECT f.symbol, f.interval, CASE WHEN f.state IN ('active', 'ok') THEN '' ELSE " \
	"f.state END, " SQL_MS("f.newest") ", " SQL_MS(                                    \
		"f.lag") ", f.gaps, f.missing FROM "                                       \
			 "market_data_freshness_at($3) AS f "                              \
			 "WHERE " SQL_OF("f") " AND f.state <> "                           \
					      "'ended'"

/* What is covered of the bars' span, and all that is missing, wherever it is. */
enum { FROM = 2, TO, KIND, REASON, COUNT };
#define SQL_SPANS                                                                                                                               \
	"SELECT c.symbol, c.interval, " SQL_MS("c.covered_from") ", " SQL_MS(                                                                   \
		"c.covered_to") ", 'covered', '', 0 FROM market_data_coverage_span AS c WHERE "                                                 \
				"c.covered_to > $4 AND c.covered_from < $3 AND " SQL_OF("c") " UNION ALL SELECT m.symbol, m.interval, " SQL_MS( \
					"m.missing_from") ", " SQL_MS("m.missing_to") ", m.kind, coalesce(m.reason, ''), "                      \
										      "interval_count(m.interval, "                             \
										      "m.missing_from, m.missing_to) FROM "                     \
										      "market_data_missing_at($3) AS m "                        \
										      "WHERE " SQL_OF(                                          \
											      "m")

/* In which of $5 cells a candle lies, of each series: a look at the key's index for each. */
#define SQL_SEEN                                                                               \
	"SELECT s.symbol, s.interval, string_agg(CASE WHEN EXISTS (SELECT FROM market_data "   \
	"AS m WHERE m.symbol = s.symbol AND m.interval = s.interval AND m.timestamp > "        \
	"$4::timestamptz + ($3::timestamptz - $4::timestamptz) * i / $5::float8 - "            \
	"interval_length(s.interval) AND m.timestamp < $4::timestamptz + ($3::timestamptz - "  \
	"$4::timestamptz) * (i + 1) / $5::float8) THEN '1' ELSE '0' END, '' ORDER BY i) FROM " \
	"market_data_series AS s CROSS JOIN generate_series(0, $5::int - 1) AS i WHERE s."     \
	"ended_at IS NULL AND " SQL_OF("s") " GROUP BY s.symbol, s.interval"

struct status {
	struct status_view view;
	struct status_series *series; /* ascending by name until they are sorted */
	size_t n;
	int64_t gaps, missing, unobtainable;
};

static int by_name(const void *x, const void *y)
{
	const struct status_series *a = x, *b = y;
	int order = strcmp(a->symbol, b->symbol);

	return order != 0 ? order : strcmp(a->interval, b->interval);
}

static void name_set(struct status_series *s, const PGresult *rows, int row)
{
	snprintf(s->symbol, sizeof(s->symbol), "%s", PQgetvalue(rows, row, SYMBOL));
	snprintf(s->interval, sizeof(s->interval), "%s", PQgetvalue(rows, row, INTERVAL));
}

static struct status_series *series_of(struct status *st, const PGresult *rows, int row)
{
	struct status_series key = {0};

	name_set(&key, rows, row);
	return st->n > 0 ? bsearch(&key, st->series, st->n, sizeof(key), by_name) : NULL;
}

static void note_set(struct status_series *s, const char *text)
{
	char shown[PRINTABLE_BYTES];

	if (*text != '\0')
		snprintf(s->note, sizeof(s->note), "%.*s", STATUS_NOTE_BYTES - 1,
			 printable(text, shown));
}

/* ---- what the database says */

static void take_series(struct status *st, const PGresult *rows)
{
	st->n = (size_t)PQntuples(rows);
	st->series = xcalloc(st->n + 1, sizeof(*st->series));
	for (size_t i = 0; i < st->n; i++) {
		struct status_series *s = &st->series[i];
		int row = (int)i;

		name_set(s, rows, row);
		note_set(s, PQgetvalue(rows, row, STATE));
		s->newest_ms =
			PQgetisnull(rows, row, NEWEST) ? INT64_MIN : pg_number(rows, row, NEWEST);
		s->lag_ms = pg_number(rows, row, LAG);
		s->gaps = pg_number(rows, row, GAPS);
		s->missing = pg_number(rows, row, MISSING);
		st->gaps += s->gaps;
		st->missing += s->missing;
	}
	if (st->n > 0)
		qsort(st->series, st->n, sizeof(*st->series), by_name);
}

static void take_causes(struct status *st, const PGresult *rows)
{
	for (int row = 0; row < PQntuples(rows); row++) {
		struct status_series *s = series_of(st, rows, row);

		if (s == NULL || strcmp(PQgetvalue(rows, row, KIND), "unobtainable") != 0)
			continue;
		note_set(s, PQgetvalue(rows, row, REASON));
		s->unobtainable += pg_number(rows, row, COUNT);
		st->unobtainable += pg_number(rows, row, COUNT);
	}
}

static void take_spans(struct status *st, const PGresult *rows)
{
	for (size_t i = 0; i < st->n; i++)
		memset(st->series[i].bar, STATUS_UNWANTED, (size_t)st->view.bar);
	for (int row = 0; row < PQntuples(rows); row++) {
		struct status_series *s = series_of(st, rows, row);
		const char *kind = PQgetvalue(rows, row, KIND);

		if (s != NULL)
			status_mark(s->bar, st->view.bar, &st->view, pg_number(rows, row, FROM),
				    pg_number(rows, row, TO),
				    *kind == 'c'   ? STATUS_FULL
				    : *kind == 'g' ? STATUS_GAP
						   : STATUS_UNOBTAINABLE);
	}
}

/* 0; -1 with *err. */
static int ask(struct pg *pg, const struct selection *selected, struct status *st, struct err *err)
{
	char to[TIMETEXT_BYTES], from[TIMETEXT_BYTES], cells[16];
	const char *values[5] = {selected->symbols_sql, selected->intervals_sql,
				 time_format_ms(st->view.to_ms, to),
				 time_format_ms(st->view.from_ms, from), cells};
	PGresult *series = NULL, *spans = NULL, *seen = NULL;
	int rc = -1;

	if (pg_exec(pg, SQL_BEGIN_READ, err) != 0 ||
	    (series = pg_query(pg, SQL_SERIES, (struct pg_params){3, values}, DEADLINE_MS, err)) ==
		    NULL ||
	    (spans = pg_query(pg, SQL_SPANS, (struct pg_params){4, values}, DEADLINE_MS, err)) ==
		    NULL)
		goto out;
	take_series(st, series);
	take_causes(st, spans);
	status_layout(&st->view, st->series, st->n);
	take_spans(st, spans);
	snprintf(cells, sizeof(cells), "%d", st->view.bar);
	seen = pg_query(pg, SQL_SEEN, (struct pg_params){5, values}, DEADLINE_MS, err);
	if (seen == NULL)
		goto out;
	for (int row = 0; row < PQntuples(seen); row++) {
		struct status_series *s = series_of(st, seen, row);

		if (s != NULL)
			status_quiet(s->bar, st->view.bar, PQgetvalue(seen, row, 2));
	}
	rc = pg_exec(pg, "COMMIT", err);
out:
	PQclear(series);
	PQclear(spans);
	PQclear(seen);
	return rc;
}

/* ---- what is printed */

static int terminal_rows(struct status_view *v)
{
	struct winsize size = {0};
	const char *columns = getenv("COLUMNS"), *term = getenv("TERM");
	int terminal = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;

	v->columns = terminal ? size.ws_col : columns != NULL ? (int)strtol(columns, NULL, 10) : 0;
	if (v->columns < 20)
		v->columns = COLUMNS;
	v->colours =
		terminal && getenv("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0;
	return terminal ? size.ws_row : 0;
}

static int summary(const struct status *st, struct buf *out)
{
	char to[TIMETEXT_BYTES];

	time_format(st->view.to_ms, to);
	if (st->n == 0)
		return buf_printf(out, "nothing is wanted of these\n");
	if (buf_printf(out, "%zu series as of %s: ", st->n, to) != 0)
		return -1;
	if (st->missing == 0 ? buf_printf(out, "no gaps")
			     : buf_printf(out, "%" PRId64 " intervals missing in %" PRId64 " gaps",
					  st->missing, st->gaps))
		return -1;
	if (st->unobtainable > 0 &&
	    buf_printf(out, ", %" PRId64 " not to be had", st->unobtainable) != 0)
		return -1;
	return buf_printf(out, "\n= candles   . no trades   X gap   u not to be had\n");
}

/* most: lines for series; 0: all. */
static int print_table(const struct status *st, int most, struct buf *out)
{
	size_t n = most > 0 && (size_t)most < st->n ? (size_t)most : st->n;

	if (st->n > 0 && status_head(&st->view, out) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (status_line(&st->view, &st->series[i], out) != 0)
			return -1;
	if (n < st->n && buf_printf(out, "and %zu more, with less trouble\n", st->n - n) != 0)
		return -1;
	return summary(st, out);
}

/* A line a series. What is not a name of ours is printable by now, and has no quotes left in it. */
static int print_json(const struct status *st, struct buf *out)
{
	for (size_t i = 0; i < st->n; i++) {
		const struct status_series *s = &st->series[i];
		char newest[TIMETEXT_BYTES] = "", note[STATUS_NOTE_BYTES];

		if (s->newest_ms != INT64_MIN)
			time_format(s->newest_ms, newest);
		for (size_t k = 0; k < sizeof(note); k++)
			note[k] =
				(char)(s->note[k] == '"' || s->note[k] == '\\' ? '\'' : s->note[k]);
		if (buf_printf(out,
			       "{\"symbol\":\"%s\",\"interval\":\"%s\",\"state\":\"%s\",\"newest\":"
			       "%s%s%s,\"lag_seconds\":%" PRId64 ",\"gaps\":%" PRId64
			       ",\"missing\":%" PRId64 ",\"unobtainable\":%" PRId64
			       ",\"bar\":\"%.*s\"}\n",
			       s->symbol, s->interval, note, *newest != '\0' ? "\"" : "",
			       *newest != '\0' ? newest : "null", *newest != '\0' ? "\"" : "",
			       s->lag_ms / 1000, s->gaps, s->missing, s->unobtainable, st->view.bar,
			       s->bar) != 0)
			return -1;
	}
	return 0;
}

/* ---- once, or again and again */

static int show(const struct options *o, struct pg *pg, const struct selection *selected, int *code,
		struct err *err)
{
	struct status st = {.view = {.to_ms = o->to_ms}};
	int rows = terminal_rows(&st.view), rc;
	struct buf out;

	if (o->to_ms == INT64_MIN)
		st.view.to_ms = clock_wall_ms();
	st.view.from_ms = o->from_ms != INT64_MIN ? o->from_ms : st.view.to_ms - DAY_MS;
	if (st.view.from_ms >= st.view.to_ms)
		return err_set(err, ERR_FATAL, "--from must be before --to");
	buf_init(&out, OUTPUT_BYTES);
	rc = ask(pg, selected, &st, err);
	if (rc == 0) {
		status_sort(st.series, st.n);
		if (o->watch && rows > 0)
			rc = buf_printf(&out, "\033[H\033[J");
		if (o->json)
			rc |= print_json(&st, &out);
		else
			rc |= print_table(&st, o->watch && rows > 6 ? rows - 5 : 0, &out);
		if (rc != 0 || fwrite(out.data, 1, out.len, stdout) != out.len ||
		    fflush(stdout) != 0)
			rc = err_set(err, ERR_FATAL,
				     "the status cannot be written to standard output");
		*code = st.n == 0 ? EXIT_NOTHING_WANTED : st.missing > 0 ? EXIT_GAPS : EXIT_DONE;
	}
	buf_release(&out);
	free(st.series);
	return rc;
}

/* 1 if a signal came within the time. */
static int signal_within(int ms)
{
	struct pollfd fd = {.fd = stop_fd(), .events = POLLIN};

	poll(&fd, 1, ms);
	return stop_requested();
}

int status_run(const void *options)
{
	const struct options *o = options;
	struct selection selected;
	struct pg pg = {0};
	struct err err;
	int rc, code = EXIT_USAGE;

	setenv("PGTARGETSESSIONATTRS", "any", 0); /* a standby knows it as well */
	rc = selection_init(&selected, o->symbols, o->intervals, &err);
	do {
		if (rc == 0 && !pg_is_open(&pg))
			rc = database_open(&pg, o->database, o->watch ? -1 : WAIT_MS, &err);
		if (rc == 0)
			rc = show(o, &pg, &selected, &code, &err);
		if (rc != 0 && o->watch && err.class == ERR_RETRY && !stop_requested()) {
			log_warn("the database does not say; trying again",
				 L_STR("error", err.text));
			pg_close(&pg);
			rc = 0;
		}
	} while (rc == 0 && o->watch && !signal_within(WATCH_MS));
	if (rc != 0) {
		log_error(err.text);
		code = EXIT_USAGE;
	}
	pg_close(&pg);
	selection_release(&selected);
	return code;
}
