/* SPDX-License-Identifier: MIT */
#include "retention.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/candle/interval.h"
#include "common/text/utf8.h"
#include "common/text/words.h"

/* A batch holds the lock of the coverage, for which writers wait, as long as it takes. */
enum { BATCH_ROWS = 10000, ARRAY_BYTES = 4096, SPANS_MAX = 36500 };

#define SQL_RETAIN \
	"SELECT count(*) FROM market_data_retain($1::text[], $2::bigint[], $3::text[], now())"
#define SQL_LIFT   "SELECT count(*) FROM market_data_retain_all($1::text[], $2::text[])"
#define SQL_DROP   "SELECT dropped FROM market_data_drop_chunk()"
#define SQL_SERIES "SELECT symbol, interval FROM market_data_given_up($1::text[])"
#define SQL_DEAD   "SELECT candle_dead_letter_remove($1::bigint, $2::integer)"
#define SQL_REMOVE "SELECT market_data_remove($1, $2, $3::boolean, $4::integer)"

/* ---- what is kept ---- */

/* "400d" -> seconds; 0 if it is not a span. */
static int64_t seconds_of(const char *span)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long n;

	if (*span < '1' || *span > '9')
		return 0;
	n = strtol(span, &end, 10);
	for (size_t i = 0; n <= SPANS_MAX && i < sizeof(units) / sizeof(units[0]); i++) {
		if (end[0] == units[i].letter && end[1] == '\0')
			return n * units[i].seconds;
	}
	return 0;
}

static int no_span(const char *shown, struct err *err)
{
	return err_set(err, ERR_FATAL,
		       "--keep: '%s' does not end with a span such as 400d, 12h, 52w (up to 36500 "
		       "of them), or with all",
		       shown);
}

static int add(struct retention *r, char *word, struct err *err)
{
	char shown[PRINTABLE_BYTES];
	char *span = strchr(word, '=');
	const struct interval *interval;
	int64_t seconds;

	printable(word, shown);
	if (span == NULL)
		return err_set(err, ERR_FATAL, "--keep: '%s' is not like 1m=400d", shown);
	*span++ = '\0';
	seconds = seconds_of(span);
	if (strcmp(word, "dead-letters") == 0) {
		r->dead_s = seconds;
		return seconds > 0 ? 0 : no_span(shown, err);
	}
	interval = interval_by_name(word);
	if (interval == NULL)
		return err_set(err, ERR_FATAL,
			       "--keep: '%s' does not begin with one of " INTERVAL_NAMES, shown);
	for (size_t i = 0; i < r->named_n; i++) {
		if (r->named[i] == interval)
			return err_set(err, ERR_FATAL, "--keep: %s is named more than once",
				       interval->name);
	}
	r->named[r->named_n++] = interval;
	if (strcmp(span, "all") == 0) {
		pgarray_plain(&r->lifted, word);
	} else if (seconds > 0) {
		pgarray_plain(&r->names, word);
		pgarray_int(&r->seconds, seconds);
	} else {
		return no_span(shown, err);
	}
	return 0;
}

int retention_parse(struct retention *r, const char *keep, struct err *err)
{
	char word[64];
	int rc = 0;

	r->dead_s = 0;
	r->named_n = 0;
	buf_init(&r->names, ARRAY_BYTES);
	buf_init(&r->seconds, ARRAY_BYTES);
	buf_init(&r->lifted, ARRAY_BYTES);
	while (rc == 0 && keep != NULL && (keep = word_next(keep, word, sizeof(word))) != NULL)
		rc = add(r, word, err);
	r->lifted_sql = r->lifted.len > 0 ? pgarray_end(&r->lifted) : NULL;
	r->names_sql = pgarray_end(&r->names);
	r->seconds_sql = pgarray_end(&r->seconds);
	if (rc == 0 && (r->names_sql == NULL || r->seconds_sql == NULL))
		rc = err_set(err, ERR_FATAL, "--keep: too many are named");
	return rc;
}

void retention_release(struct retention *r)
{
	buf_release(&r->names);
	buf_release(&r->seconds);
	buf_release(&r->lifted);
}

/* ---- what goes ---- */

static int move_on(struct pg *pg, const struct retention *r, const char *symbols_sql,
		   struct retention_result *out, struct err *err)
{
	int64_t lifted = 0, moved;

	if (r->lifted_sql != NULL && pg_ask(pg, SQL_LIFT, PG_VALUES(r->lifted_sql, symbols_sql),
					    PG_DEADLINE_MS, &lifted, err) != 0)
		return -1;
	if (pg_ask(pg, SQL_RETAIN, PG_VALUES(r->names_sql, r->seconds_sql, symbols_sql),
		   PG_DEADLINE_MS, &moved, err) != 0)
		return -1;
	out->series += lifted + moved;
	return 0;
}

/* Chunks first: what goes as a whole need not go by row. */
static int drop_chunks(struct pg *pg, struct retention_result *out, struct err *err)
{
	for (;;) {
		PGresult *res = pg_query(pg, SQL_DROP, PG_NONE, PG_DEADLINE_MS, err);
		int n = res == NULL ? -1 : PQntuples(res);

		PQclear(res);
		if (n <= 0)
			return n;
		out->chunks += n;
	}
}

int retention_remove(struct pg *pg, const char *symbol, const char *interval, int everything,
		     int64_t rows_max, int64_t *removed, struct err *err)
{
	*removed = 0;
	return pg_ask(pg, SQL_REMOVE,
		      PG_VALUES(symbol, interval, PG_BOOL(everything),
				PG_INT(rows_max < BATCH_ROWS ? rows_max : BATCH_ROWS)),
		      PG_DEADLINE_MS, removed, err);
}

static int remove_rows(struct pg *pg, const char *symbols_sql, int64_t rows_max,
		       struct retention_result *out, struct err *err)
{
	PGresult *series = pg_query(pg, SQL_SERIES, PG_VALUES(symbols_sql), PG_DEADLINE_MS, err);
	int rc = series == NULL ? -1 : 0;

	for (int i = 0; rc == 0 && i < PQntuples(series) && rows_max > 0;) {
		int64_t n;

		rc = retention_remove(pg, PQgetvalue(series, i, 0), PQgetvalue(series, i, 1), 0,
				      rows_max, &n, err);
		out->rows += n;
		rows_max -= n;
		i += n == 0;
	}
	out->more = rc == 0 && rows_max <= 0;
	PQclear(series);
	return rc;
}

static int remove_dead(struct pg *pg, const struct retention *r, int64_t rows_max,
		       struct retention_result *out, struct err *err)
{
	int64_t n = 0;

	do {
		if (r->dead_s > 0 &&
		    pg_ask(pg, SQL_DEAD, PG_VALUES(PG_INT(r->dead_s), PG_INT(BATCH_ROWS)),
			   PG_DEADLINE_MS, &n, err) != 0)
			return -1;
		out->dead += n;
		rows_max -= n;
	} while (n > 0 && rows_max > 0);
	out->more |= n > 0;
	return 0;
}

int retention_apply(struct pg *pg, const struct retention *r, const char *symbols_sql,
		    int64_t rows_max, struct retention_result *out, struct err *err)
{
	if (move_on(pg, r, symbols_sql, out, err) != 0 || drop_chunks(pg, out, err) != 0)
		return -1;
	if (remove_rows(pg, symbols_sql, rows_max, out, err) != 0)
		return -1;
	return remove_dead(pg, r, rows_max, out, err);
}

void retention_log(const struct retention_result *r)
{
	if (r->series + r->rows + r->chunks + r->dead > 0)
		log_info("what is older than it is kept is given up", L_INT("series", r->series),
			 L_INT("rows", r->rows), L_INT("chunks", r->chunks),
			 L_INT("dead_letters", r->dead));
}
