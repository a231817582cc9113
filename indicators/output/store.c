/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "common/base/worker.h"
#include "common/pg/pg.h"
#include "common/pg/pg_tables.h"

enum {
	ROWS_BYTES = 256 << 20, /* the loop gathers much less: it waits for what is outstanding */
	PLACES_BYTES = 1 << 20,
	DEADLINE_MS = 60000,
	RETRY_FIRST_MS = 100,
	RETRY_MAX_MS = 5000,
	SAY_MS = 10000
};

/* Messages that count down the same number. */
struct counted {
	int64_t *outstanding, n;
};

struct batch {
	struct buf rows;   /* [message,...] */
	struct buf places; /* [{"partition":1,"next":2,"was":0},...] */
	struct counted *counted;
	size_t n, cap;
	int64_t messages;
	int is_stored; /* result; 0: the database has lost something */
};

/* How far a partition is. */
struct place {
	struct consumer_place done; /* to be written */
	int64_t written;            /* the last time */
};

struct store {
	const char *database, *topic;
	struct worker *worker;
	struct batch batches[2];
	struct batch *filling, *lent;
	struct place *places;
	size_t places_n;
	int has_moved;
	int64_t outstanding;
	int is_lost, is_forgotten; /* what is lent has no counters any more */
	/* the thread's own */
	struct pg pg;
	struct backoff backoff;
	struct log_throttle say;
	atomic_int fails; /* for any thread that asks */
};

/* A position before the one that was written last, or none, is what a database has that lost
 * transactions. */
static const char sql_lock[] =
	"SELECT count(*) FROM jsonb_to_recordset($2::jsonb) AS j(partition int, was bigint) "
	"LEFT JOIN market_data_indicator_position AS p ON p.topic = $1 AND p.partition = j.partition "
	"WHERE coalesce(p.next_offset, 0) < j.was";

static const char sql_rows[] =
	"INSERT INTO market_data_indicator AS m (symbol, interval, timestamp, indicator, params, "
	"state, reason, value, candles, as_of) "
	"SELECT DISTINCT ON (1, 2, 3, 4, 5) e->>'symbol', e->>'interval', "
	"to_timestamp((e->>'timestamp')::bigint / 1000.0), e->>'indicator', e->>'params', "
	"e->>'state', e->>'reason', e->'value', (e->>'candles')::bigint, "
	"to_timestamp((e->>'as_of')::bigint / 1000.0) "
	"FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS a(e, i) "
	"ORDER BY 1, 2, 3, 4, 5, (e->>'as_of')::bigint DESC, i DESC "
	"ON CONFLICT (symbol, interval, timestamp, indicator, params) DO UPDATE SET "
	"state = EXCLUDED.state, reason = EXCLUDED.reason, value = EXCLUDED.value, "
	"candles = EXCLUDED.candles, as_of = EXCLUDED.as_of WHERE EXCLUDED.as_of >= m.as_of";

/* The first one after an assignment says where reading began, whatever is there: the topic may be
 * another one of that name. */
static const char sql_places[] =
	"INSERT INTO market_data_indicator_position AS p (topic, partition, next_offset) "
	"SELECT $1, j.partition, j.next FROM jsonb_to_recordset($2::jsonb) "
	"AS j(partition int, next bigint) ORDER BY 2 "
	"ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset "
	"WHERE EXCLUDED.next_offset > p.next_offset OR EXISTS (SELECT FROM "
	"jsonb_to_recordset($2::jsonb) AS o(partition int, was bigint) "
	"WHERE o.partition = p.partition AND o.was = 0)";

/* ---------------------------------------------------------------- the thread */

static int transaction(struct store *s, struct batch *b, struct err *err)
{
	int64_t lost;

	if (pg_run(&s->pg, PG_BEGIN, PG_NONE, DEADLINE_MS, err) ||
	    pg_ask(&s->pg, sql_lock, PG_VALUES(s->topic, b->places.data), DEADLINE_MS, &lost, err))
		return -1;
	if (lost > 0)
		return pg_run(&s->pg, "ROLLBACK", PG_NONE, DEADLINE_MS, err);
	if (pg_run(&s->pg, sql_rows, PG_VALUES(b->rows.data), DEADLINE_MS, err))
		return -1;
	FAULT("before_indicator_position");
	if (pg_run(&s->pg, sql_places, PG_VALUES(s->topic, b->places.data), DEADLINE_MS, err) ||
	    pg_run(&s->pg, "COMMIT", PG_NONE, DEADLINE_MS, err))
		return -1;
	b->is_stored = 1;
	return 0;
}

static void run(struct worker *w, void *context, void *lent)
{
	struct store *s = context;
	struct batch *b = lent;
	struct err err = {0};

	for (;;) {
		if ((pg_is_open(&s->pg) ||
		     pg_open(&s->pg, s->database, "gapless-indicators", &err) == 0) &&
		    transaction(s, b, &err) == 0)
			break;
		pg_tables_explain(&s->pg, &err);
		pg_close(&s->pg);
		atomic_store(&s->fails, 1);
		LOG_EVERY(&s->say, clock_boot_ms(), SAY_MS,
			  err.class == ERR_FATAL ? LOG_ERROR : LOG_WARN,
			  "the database cannot store indicators now; trying again",
			  L_STR("error", err.text));
		if (worker_pause(w, backoff_next_ms(&s->backoff, backoff_random())))
			return;
	}
	backoff_reset(&s->backoff);
	atomic_store(&s->fails, 0);
}

/* ---------------------------------------------------------------- the owner */

static void batch_clear(struct batch *b)
{
	buf_clear(&b->rows);
	buf_clear(&b->places);
	b->n = 0;
	b->messages = 0;
	b->is_stored = 0;
}

static void batch_init(struct batch *b)
{
	*b = (struct batch){0};
	buf_init(&b->rows, ROWS_BYTES);
	buf_init(&b->places, PLACES_BYTES);
}

static void batch_release(struct batch *b)
{
	buf_release(&b->rows);
	buf_release(&b->places);
	free(b->counted);
}

struct store *store_new(const char *database, const char *topic, struct err *err)
{
	struct store *s = xcalloc(1, sizeof *s);

	s->database = database;
	s->topic = topic;
	batch_init(&s->batches[0]);
	batch_init(&s->batches[1]);
	s->filling = &s->batches[0];
	backoff_init(&s->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
	s->worker = worker_new(run, s, err);
	if (s->worker)
		return s;
	store_free(s, 0);
	return NULL;
}

int store_free(struct store *s, int wait_ms)
{
	if (!s)
		return 1;
	if (s->worker && !worker_stop(s->worker, wait_ms))
		return 0;
	worker_free(s->worker);
	pg_close(&s->pg);
	batch_release(&s->batches[0]);
	batch_release(&s->batches[1]);
	free(s->places);
	free(s);
	return 1;
}

int64_t store_outstanding(const struct store *s)
{
	return s->outstanding;
}

int store_fails(const struct store *s)
{
	return atomic_load(&s->fails);
}

int store_is_lost(const struct store *s)
{
	return s->is_lost;
}

/* ---------------------------------------------------------------- what is gathered */

static void count(struct batch *b, int64_t *outstanding)
{
	if (b->n == 0 || b->counted[b->n - 1].outstanding != outstanding) {
		GROW(b->counted, b->n, b->cap);
		b->counted[b->n++] = (struct counted){outstanding, 0};
	}
	b->counted[b->n - 1].n++;
	b->messages++;
}

void store_add(struct store *s, const struct indicator_message *m, int64_t *outstanding)
{
	struct batch *b = s->filling;

	if (buf_append(&b->rows, b->rows.len ? "," : "[", 1) || indicator_encode(m, &b->rows)) {
		s->is_lost = 1; /* not in any order: as if the database had lost it */
		return;
	}
	count(b, outstanding);
	++*outstanding;
	s->outstanding++;
}

void store_moved(struct store *s, const struct consumer_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < s->places_n && s->places[k].done.partition != places[i].partition)
			k++;
		if (k == s->places_n) {
			s->places = xreallocarray(s->places, k + 1, sizeof *s->places);
			s->places[k] = (struct place){.done = {places[i].partition, 0}};
			s->places_n++;
		}
		s->has_moved |= s->places[k].done.offset != places[i].offset;
		s->places[k].done.offset = places[i].offset;
	}
}

static int write_places(const struct store *s, struct buf *out)
{
	for (size_t k = 0; k < s->places_n; k++) {
		if (buf_printf(out,
			       "%s{\"partition\":%" PRId32 ",\"next\":%" PRId64 ",\"was\":%" PRId64
			       "}",
			       k ? "," : "[", s->places[k].done.partition, s->places[k].done.offset,
			       s->places[k].written))
			return -1;
	}
	return buf_append(out, s->places_n ? "]" : "[]", s->places_n ? 1 : 2);
}

static void hand_over(struct store *s)
{
	struct batch *b = s->filling;

	if (b->messages == 0 && !s->has_moved)
		return;
	if (buf_append(&b->rows, b->messages ? "]" : "[]", b->messages ? 1 : 2) ||
	    write_places(s, &b->places)) {
		s->is_lost = 1;
		return;
	}
	s->has_moved = 0;
	for (size_t k = 0; k < s->places_n; k++)
		s->places[k].written = s->places[k].done.offset;
	s->lent = b;
	s->filling = b == &s->batches[0] ? &s->batches[1] : &s->batches[0];
	batch_clear(s->filling);
	worker_submit(s->worker, b);
}

static void take_back(struct store *s, struct batch *b)
{
	s->lent = NULL;
	if (!s->is_forgotten) {
		for (size_t i = 0; i < b->n && b->is_stored; i++) {
			*b->counted[i].outstanding -= b->counted[i].n;
			s->outstanding -= b->counted[i].n;
		}
		s->is_lost |= !b->is_stored;
	}
	s->is_forgotten = 0;
}

void store_step(struct store *s)
{
	struct batch *b = worker_take(s->worker);

	if (b)
		take_back(s, b);
	if (!s->lent && !s->is_lost)
		hand_over(s);
}

void store_forget(struct store *s)
{
	batch_clear(s->filling);
	s->outstanding = 0;
	s->is_lost = s->has_moved = 0;
	s->places_n = 0;
	if (s->lent) {
		worker_cancel(s->worker);
		s->is_forgotten = 1;
	}
}
