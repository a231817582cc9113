/* SPDX-License-Identifier: MIT */
/* transaction_store() on a real database against a naive model: random messages of keys that
 * overlap, in random batches, first one connection whose counts must be exact, then two at once,
 * each with its own cursor, that store the same keys at the same moment. In the end the table must
 * hold the winner of each key, and the coverage what was promised.
 *
 * gapless-store-model ROUNDS, with the database named by PG*; its tables are empty. TEST_SEED
 * repeats a run. Prints what happened as one line of name=value; 1 if something is wrong, with a
 * sentence. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/pg/pg.h"
#include "tests/unit/rng.h"
#include "writer/database/transaction.h"

enum { SYMBOLS = 3, STEP = 700, WIDTH = 900, SPARE = 4000 };

static const int64_t BEGIN_MS = INT64_C(1600000020000); /* on the grid of a minute */

/* What a thread knows to be committed: the winner of each key, and whether it was promised. */
struct model {
	struct message *winner; /* of [SYMBOLS * minutes]; a symbol without text: none */
	unsigned char *promised;
};

struct side {
	const char *topic;
	struct session db;
	struct batch batch;
	struct model model;
	uint64_t random;
	int64_t next; /* its position */
	struct outcomes sum;
	int64_t rows;
	pthread_t thread;
};

static size_t minutes;
static int rounds;
static pthread_barrier_t together;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args); // NOLINT(clang-analyzer-valist.Uninitialized)
	va_end(args);
	fputc('\n', stderr);
	_exit(1);
}

/* Of the side, so that a seed means the same whatever the threads do. */
static uint64_t below(struct side *s, uint64_t n)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return s->random * UINT64_C(2685821657736338717) % n;
}

static struct message random_message(struct side *s, size_t key)
{
	static const char *const some[] = {"1",   "1.0",          "1.00", "2",
					   "0.5", "12345.678900", "0",    "0.00000062"};
	/* Provisional, or final: read a minute after its end. */
	int64_t final_ms = BEGIN_MS + (int64_t)(key % minutes) * 60000 + 2 * 60000;
	int final = below(s, 2) == 0;
	struct message m = {.fetched_at_ms = final ? final_ms + (int64_t)below(s, 3)
						   : final_ms - 1 - (int64_t)below(s, 3)};
	struct candle *c = &m.candle;
	size_t volume, quote_volume;

	snprintf(c->symbol, sizeof(c->symbol), "KRW-%c", (char)('A' + key / minutes));
	c->interval = interval_by_name("1m");
	c->timestamp_ms = BEGIN_MS + (int64_t)(key % minutes) * 60000;
	strcpy(c->open, "7.10");
	strcpy(c->high, "10000");
	strcpy(c->low, "-0.5");
	strcpy(c->close, "7");
	c->revision = (int64_t)below(s, 3);
	/* Of one revision all final ones have the same values. */
	volume = final ? (key + (size_t)c->revision) % 8 : below(s, 8);
	quote_volume = final ? (key / 8 + (size_t)c->revision * 3) % 8 : below(s, 8);
	snprintf(c->volume, sizeof(c->volume), "%s", some[volume]);
	snprintf(c->quote_volume, sizeof(c->quote_volume), "%s", some[quote_volume]);
	m.covers_from_ms = m.covers_to_ms = c->timestamp_ms;
	m.covers_to_ms += below(s, 2) == 0 ? 60000 : 0;
	return m;
}

static void add(struct side *s, size_t key)
{
	struct message m = random_message(s, key);

	batch_take(&s->batch, 0, s->next, s->next, 100, 1);
	batch_add(&s->batch, 0, s->next, &m);
	s->next++;
}

static size_t key_of(const struct message *m)
{
	return (size_t)(m->candle.symbol[4] - 'A') * minutes +
	       (size_t)((m->candle.timestamp_ms - BEGIN_MS) / 60000);
}

/* Takes the row over; counts what a single writer does with it. */
static void model_take(struct model *model, const struct batch_row *row, struct outcomes *wanted)
{
	size_t key = key_of(&row->m);
	struct message *w = &model->winner[key];
	int known = w->candle.symbol[0] != '\0', wins = !known || message_compare(&row->m, w) > 0;

	if (!known)
		wanted->n[TALLY_INSERTED]++;
	else if (candle_same_values(&row->m.candle, &w->candle))
		wanted->n[TALLY_IDENTICAL]++;
	else if (wins)
		wanted->n[TALLY_CORRECTED]++;
	else
		wanted->n[TALLY_STALE]++;
	if (wins)
		*w = row->m;
	model->promised[key] |= row->promise.from < row->promise.to;
}

/* exact: nobody else writes, so the counts are known. */
static void store(struct side *s, int exact)
{
	static const atomic_int abandon;
	struct outcomes got, wanted = {0};
	struct err err;

	batch_seal(&s->batch);
	s->db.is_chunked = (int)(s->next % 2); /* one statement for all ranges, or several */
	if (transaction_store(&s->db, &s->batch, &abandon, &got, &err) != TRANSACTION_DONE)
		die("%s: a transaction failed: %s", s->topic, err.text);
	for (size_t i = 0; i < s->batch.n; i++)
		model_take(&s->model, &s->batch.rows[i], &wanted);
	for (int i = TALLY_INSERTED; exact && i <= TALLY_STALE; i++) {
		if (got.n[i] != wanted.n[i])
			die("%s: %" PRId64 ", wanted %" PRId64, tally_name((enum tally_counter)i),
			    got.n[i], wanted.n[i]);
	}
	s->rows += (int64_t)s->batch.n;
	outcomes_add(&s->sum, &got);
	batch_clear(&s->batch);
}

/* A window that the other side stores, too, most of it new; and small batches of anything that
 * there may be. */
static void one_round(struct side *s, int round, int exact)
{
	size_t base = (size_t)round * STEP, symbol = (size_t)round % SYMBOLS;

	for (size_t i = 0; i < WIDTH; i++) {
		if (below(s, 20) != 0)
			add(s, symbol * minutes + base + i);
		if (below(s, 50) == 0)
			add(s, below(s, SYMBOLS * minutes));
	}
	if (!exact)
		pthread_barrier_wait(&together);
	store(s, exact);
	for (uint64_t n = below(s, 4); n > 0; n--) {
		for (uint64_t i = 1 + below(s, 60); i > 0; i--)
			add(s, below(s, 3) == 0 ? below(s, SYMBOLS * minutes)
						: symbol * minutes + base + below(s, WIDTH));
		store(s, exact);
	}
	/* in turn: the batches that avoid the COPY after a conflict are not to hide the next one */
	if (below(s, 2) == 0)
		s->db.upserts = 0;
}

static void *run(void *arg)
{
	struct side *s = arg;

	for (int round = rounds / 4; round < rounds; round++)
		one_round(s, round, 0);
	return NULL;
}

static void begin(struct side *s, const char *topic)
{
	const char *values[] = {topic};
	struct err err;

	*s = (struct side){.topic = topic, .random = rng_next() | 1};
	session_init(&s->db, cursor_live(topic));
	batch_init(&s->batch,
		   (struct batch_limits){.rows = 2000, .bytes = 1 << 20, .age_ms = 1000});
	s->model.winner = xcalloc(SYMBOLS * minutes, sizeof(*s->model.winner));
	s->model.promised = xcalloc(SYMBOLS * minutes, 1);
	if (pg_open(&s->db.pg, "", "store-model", &err) != 0 ||
	    pg_run(&s->db.pg, "INSERT INTO market_data_position VALUES ($1, 0, 0)",
		   (struct pg_params){1, values}, 10000, &err) != 0)
		die("%s", err.text);
}

static void end(struct side *s)
{
	session_release(&s->db);
	batch_release(&s->batch);
	free(s->model.winner);
	free(s->model.promised);
}

static int64_t number(struct pg *pg, const char *sql)
{
	struct err err;
	PGresult *res = pg_query(pg, sql, (struct pg_params){0, NULL}, 60000, &err);
	int64_t n;

	if (res == NULL)
		die("%s", err.text);
	n = pg_number(res, 0, 0);
	PQclear(res);
	return n;
}

static int is_final(const struct message *m)
{
	return m->fetched_at_ms >= m->candle.timestamp_ms + 2 * 60000;
}

static void compare_row(const struct model *model, const PGresult *res, int row)
{
	struct message m = {0};
	const struct message *w;

	snprintf(m.candle.symbol, sizeof(m.candle.symbol), "%s", PQgetvalue(res, row, 0));
	m.candle.timestamp_ms = pg_number(res, row, 1);
	m.candle.revision = pg_number(res, row, 2);
	m.fetched_at_ms = pg_number(res, row, 3);
	snprintf(m.candle.volume, DECIMAL_BYTES, "%s", PQgetvalue(res, row, 4));
	snprintf(m.candle.quote_volume, DECIMAL_BYTES, "%s", PQgetvalue(res, row, 5));
	w = &model->winner[key_of(&m)];
	if (w->candle.symbol[0] == '\0')
		die("%s %" PRId64 " was never stored", m.candle.symbol, m.candle.timestamp_ms);
	/* A final row is not written again for a later reading of the same. */
	if (is_final(&m) && is_final(w))
		m.fetched_at_ms = w->fetched_at_ms;
	if (message_compare(&m, w) != 0)
		die("%s %" PRId64 ": revision %" PRId64 ", fetched %" PRId64
		    ", %s, %s in the table, but the winner is %" PRId64 ", %" PRId64 ", %s, %s",
		    m.candle.symbol, m.candle.timestamp_ms, m.candle.revision, m.fetched_at_ms,
		    m.candle.volume, m.candle.quote_volume, w->candle.revision, w->fetched_at_ms,
		    w->candle.volume, w->candle.quote_volume);
}

/* b's into a's. */
static void merge(struct side *a, const struct side *b)
{
	for (size_t key = 0; key < SYMBOLS * minutes; key++) {
		struct message *w = &a->model.winner[key];

		if (w->candle.symbol[0] == '\0' || message_compare(&b->model.winner[key], w) > 0)
			*w = b->model.winner[key];
		a->model.promised[key] |= b->model.promised[key];
	}
}

static void compare(struct side *s)
{
	int64_t keys = 0, promised = 0, digits;
	struct err err;
	PGresult *res = pg_query(
		&s->db.pg,
		"SELECT symbol, (extract(epoch FROM timestamp) * 1000)::bigint, revision, "
		"(extract(epoch FROM fetched_at) * 1000)::bigint, volume, quote_volume FROM market_data",
		(struct pg_params){0, NULL}, 60000, &err);

	if (res == NULL)
		die("%s", err.text);
	for (size_t key = 0; key < SYMBOLS * minutes; key++) {
		keys += s->model.winner[key].candle.symbol[0] != '\0';
		promised += s->model.promised[key];
	}
	if (PQntuples(res) != keys)
		die("%d rows in the table, wanted %" PRId64, PQntuples(res), keys);
	for (int row = 0; row < PQntuples(res); row++)
		compare_row(&s->model, res, row);
	PQclear(res);
	digits = number(
		&s->db.pg,
		"SELECT count(*) FROM market_data WHERE (open::text, high::text, low::text, close::text) = "
		"('7.10', '10000', '-0.5', '7') AND volume::text IN ('1', '1.0', '1.00', '2', '0.5', "
		"'12345.678900', '0', '0.00000062')");
	if (digits != keys)
		die("%" PRId64 " rows have the digits that were sent, wanted %" PRId64, digits,
		    keys);
	if (number(&s->db.pg,
		   "SELECT sum(extract(epoch FROM upper(s) - lower(s)) / 60) FROM market_data_coverage, unnest(covered) AS u(s)") !=
	    promised)
		die("what is covered is not what was promised");
}

static void check_sums(const struct side *a, const struct side *b)
{
	int64_t counted = 0, keys = 0;

	for (const struct side *s = a; s != NULL; s = s == a ? b : NULL)
		counted += s->sum.n[TALLY_INSERTED] + s->sum.n[TALLY_CORRECTED] +
			   s->sum.n[TALLY_IDENTICAL] + s->sum.n[TALLY_STALE];
	for (size_t key = 0; key < SYMBOLS * minutes; key++)
		keys += a->model.winner[key].candle.symbol[0] != '\0';
	if (counted != a->rows + b->rows)
		die("%" PRId64 " rows counted, %" PRId64 " stored", counted, a->rows + b->rows);
	if (a->sum.n[TALLY_INSERTED] + b->sum.n[TALLY_INSERTED] != keys)
		die("%" PRId64 " rows inserted, but there are %" PRId64 " keys",
		    a->sum.n[TALLY_INSERTED] + b->sum.n[TALLY_INSERTED], keys);
}

int main(int argc, char **argv)
{
	struct side a, b;

	rounds = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
	if (rounds < 4)
		die("gapless-store-model ROUNDS, 4 or more");
	rng_open("store-model");
	minutes = (size_t)rounds * STEP + SPARE;
	pthread_barrier_init(&together, NULL, 2);
	begin(&a, "model.a");
	begin(&b, "model.b");
	for (int round = 0; round < rounds / 4; round++)
		one_round(&a, round, 1);
	compare(&a);
	if (pthread_create(&a.thread, NULL, run, &a) != 0 ||
	    pthread_create(&b.thread, NULL, run, &b) != 0)
		die("no threads");
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	merge(&a, &b);
	check_sums(&a, &b);
	compare(&a);
	printf("rows=%" PRId64 " inserted=%" PRId64 " corrected=%" PRId64 " copied=%" PRId64
	       " stored_again=%" PRId64 "\n",
	       a.rows + b.rows, a.sum.n[TALLY_INSERTED] + b.sum.n[TALLY_INSERTED],
	       a.sum.n[TALLY_CORRECTED] + b.sum.n[TALLY_CORRECTED],
	       a.sum.n[TALLY_COPIED] + b.sum.n[TALLY_COPIED],
	       a.sum.n[TALLY_STORED_AGAIN] + b.sum.n[TALLY_STORED_AGAIN]);
	end(&a);
	end(&b);
	return 0;
}
