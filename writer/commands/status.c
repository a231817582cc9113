/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/stop.h"
#include "common/text/timetext.h"
#include "on_database.h"
#include "status_view.h"
#include "verbs.h"
#include "writer/report/report.h"

enum {
	DEADLINE_MS = 300000,
	DAY_MS = 24 * 3600 * 1000,
	COLUMNS = 80,
	OUTPUT_BYTES = 64 << 20,
	OTHER_LINES = 6 /* head, what is left out, summary (may take two), legend, the cursor's */
};

#define WHAT "the status"

struct status {
	struct status_view view;
	struct report report;
	int is_selection; /* of some series only */
};

/* ---- what the database says */

/* 0; -1 with *err. */
static int ask(struct pg *pg, const struct selection *selected, struct status *st, struct err *err)
{
	struct report *r = &st->report;

	if (pg_exec(pg, SQL_BEGIN_READ, err) != 0 || report_series(r, pg, selected, err) != 0)
		return -1;
	status_layout(&st->view, r->series, r->n);
	if (report_bars(r, pg, st->view.bar, SIZE_MAX, err) != 0)
		return -1;
	return pg_exec(pg, "COMMIT", err);
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

static void summary(const struct status *st, struct buf *out)
{
	const struct report *r = &st->report;
	char to[TIMETEXT_BYTES];

	time_format(st->view.to_ms, to);
	if (r->n == 0) {
		buf_printf(out, "nothing is wanted %s: a producer says what, when it starts\n",
			   st->is_selection ? "of these" : "yet");
		return;
	}
	buf_printf(out, "%zu series as of %s: ", r->n, to);
	if (r->missing == 0)
		buf_printf(out, "no gaps");
	else
		buf_printf(out, "%" PRId64 " interval%s missing in %" PRId64 " gap%s", r->missing,
			   plural_of(r->missing), r->gaps, plural_of(r->gaps));
	if (r->unobtainable > 0)
		buf_printf(out, ", %" PRId64 " not available", r->unobtainable);
	buf_printf(out,
		   "\n= candles   . no trades   X gap   u not available   rate: of %d "
		   "due intervals\n",
		   REPORT_RECENT);
}

/* most: lines for series; 0: all. */
static void print_table(const struct status *st, int most, struct buf *out)
{
	const struct report *r = &st->report;
	size_t n = most > 0 && (size_t)most < r->n ? (size_t)most : r->n;

	if (r->n > 0)
		status_head(&st->view, out);
	for (size_t i = 0; i < n; i++)
		status_line(&st->view, &r->series[i], out);
	if (n < r->n)
		buf_printf(out, "and %zu more, with less trouble\n", r->n - n);
	summary(st, out);
}

/* A line a series. What is not a name of ours is printable by now, and has no quotes left in it. */
static void print_json(const struct status *st, struct buf *out)
{
	const struct report *r = &st->report;

	for (size_t i = 0; i < r->n; i++) {
		const struct report_series *s = &r->series[i];
		char newest[TIMETEXT_BYTES + 2] = "null", at[TIMETEXT_BYTES];
		char note[REPORT_NOTE_BYTES];

		if (s->newest_ms != INT64_MIN)
			snprintf(newest, sizeof(newest), "\"%s\"", time_format(s->newest_ms, at));
		for (size_t k = 0; k < sizeof(note); k++)
			note[k] =
				(char)(s->note[k] == '"' || s->note[k] == '\\' ? '\'' : s->note[k]);
		buf_printf(out,
			   "{\"symbol\":\"%s\",\"interval\":\"%s\",\"state\":\"%s\",\"newest\":%s,"
			   "\"lag_seconds\":%" PRId64 ",\"gaps\":%" PRId64 ",\"missing\":%" PRId64
			   ",\"unobtainable\":%" PRId64 ",\"rate\":%.3f,\"bar\":\"%.*s\"}\n",
			   s->symbol, s->interval, note, newest, s->lag_ms / 1000, s->gaps,
			   s->missing, s->unobtainable, (double)s->recent / REPORT_RECENT,
			   st->view.bar, s->bar);
	}
}

static int work(struct pg *pg, const struct options *o, const struct selection *selected,
		struct err *err)
{
	struct status st = {.view = {.to_ms = o->to_ms},
			    .is_selection = o->symbols || o->intervals};
	int rows = terminal_rows(&st.view), code;
	struct buf out;

	if (o->to_ms == INT64_MIN)
		st.view.to_ms = clock_wall_ms();
	st.view.from_ms = o->from_ms != INT64_MIN ? o->from_ms : st.view.to_ms - DAY_MS;
	if (st.view.from_ms >= st.view.to_ms)
		return err_set(err, ERR_FATAL, "--from must be before --to");
	st.report.span = (struct span){st.view.from_ms, st.view.to_ms};
	st.report.deadline_ms = DEADLINE_MS;
	buf_init(&out, OUTPUT_BYTES);
	code = ask(pg, selected, &st, err);
	if (code == 0) {
		code = st.report.n == 0        ? EXIT_NOTHING_WANTED
		       : st.report.missing > 0 ? EXIT_GAPS
					       : EXIT_DONE;
		if (o->watch && rows > 0)
			buf_printf(&out, "\033[H\033[J");
		if (o->json)
			print_json(&st, &out);
		else
			print_table(&st, o->watch && rows > OTHER_LINES ? rows - OTHER_LINES : 0,
				    &out);
		if (buf_check(&out) != 0 || fwrite(out.data, 1, out.len, stdout) != out.len ||
		    fflush(stdout) != 0)
			code = err_set(err, ERR_FATAL, CANNOT_WRITE, WHAT);
	}
	buf_release(&out);
	report_release(&st.report);
	return code;
}

int status_run(const void *options)
{
	return on_database(options, &(struct on_database){.reads = WHAT, .work = work});
}
