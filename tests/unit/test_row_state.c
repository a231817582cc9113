/* SPDX-License-Identifier: MIT */
/* PostgreSQL's binary format, and how a row stands against the table, each against a naive model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "writer/database/pgbinary.h"
#include "writer/database/row_state.h"

static uint64_t below(uint64_t n)
{
	return rng_next() % n;
}

/* ---- the binary format */

/* As select numeric_send('...') has it on PostgreSQL 15. */
static void test_numeric_bytes(void **state)
{
	static const struct {
		const char *plain, *hex;
	} cases[] = {
		{"0", "0000000000000000"},
		{"0.00", "0000000000000002"},
		{"-0.0", "0000000000000001"},
		{"1", "00010000000000000001"},
		{"-1.50", "0002000040000002"
			  "00011388"},
		{"12345.678", "0003000100000003"
			      "0001"
			      "0929"
			      "1a7c"},
		{"10000", "00010001000000000001"},
		{"100000000.0", "00010002000000010001"},
		{"0.00000062", "0001fffe00000008"
			       "003e"},
		{"0.0001", "0001ffff000000040001"},
		{"007.10", "00020000000000020007"
			   "03e8"},
		{"37189906239683.17623000", "0006000300000008"
					    "0025"
					    "076b"
					    "026f"
					    "25d3"
					    "06e2"
					    "0bb8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned char bytes[4 + PGBINARY_NUMERIC_BYTES],
			*end = pgbinary_numeric(bytes, cases[i].plain);
		char hex[2 * sizeof(bytes) + 1] = "";

		for (unsigned char *p = bytes + 4; p < end; p++)
			snprintf(hex + 2 * (p - bytes - 4), 3, "%02x", *p);
		assert_string_equal(hex, cases[i].hex);
		assert_int_equal(bytes[3], end - bytes - 4);
		assert_int_equal(bytes[0] | bytes[1] | bytes[2], 0);
	}
}

static void random_decimal(char out[DECIMAL_BYTES])
{
	size_t whole = 1 + below(below(4) == 0 ? 40 : 9),
	       fraction = below(3) == 0 ? 0 : below(below(4) == 0 ? 20 : 9), n = 0;

	if (below(4) == 0)
		out[n++] = '-';
	for (size_t i = 0; i < whole; i++)
		out[n++] = (char)('0' + (i == 0 && whole > 1 ? 1 + below(9)
					 : below(3) == 0     ? 0
							     : below(10)));
	if (fraction > 0)
		out[n++] = '.';
	for (size_t i = 0; i < fraction; i++)
		out[n++] = (char)('0' + (below(3) == 0 ? 0 : below(10)));
	out[n] = 0;
}

/* The naive way back. */
static int group_at(const unsigned char *field, int i)
{
	return i < 0 || i >= (field[0] << 8 | field[1]) ? 0
							: field[8 + 2 * i] << 8 | field[9 + 2 * i];
}

static void numeric_text(const unsigned char *field, char *out)
{
	int weight = (int16_t)(field[2] << 8 | field[3]), left = field[6] << 8 | field[7];
	char group[8];

	out += sprintf(out, "%s%s", field[4] != 0 ? "-" : "", weight < 0 ? "0" : "");
	for (int i = 0; i <= weight; i++)
		out += sprintf(out, i == 0 ? "%d" : "%04d", group_at(field, i));
	if (left > 0)
		*out++ = '.';
	for (int i = weight + 1; left > 0; i++, left -= 4) {
		snprintf(group, sizeof(group), "%04d", group_at(field, i));
		out += sprintf(out, "%.*s", left, group);
	}
}

static void test_numeric_there_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		char plain[DECIMAL_BYTES], back[2 * DECIMAL_BYTES];
		unsigned char bytes[4 + PGBINARY_NUMERIC_BYTES], *end;

		random_decimal(plain);
		end = pgbinary_numeric(bytes, plain);
		assert_true(end <= bytes + sizeof(bytes));
		assert_int_equal(end - bytes, 4 + 8 + 2 * (bytes[4] << 8 | bytes[5]));
		numeric_text(bytes + 4, back);
		assert_string_equal(back,
				    plain + (plain[0] == '-' && decimal_compare(plain, "0") == 0));
	}
}

static void test_times_and_integers(void **state)
{
	static const int64_t ms[] = {0, 946684800000, 1582197540000, 1582197540123,
				     253402300799999};
	unsigned char bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof(ms) / sizeof(*ms); i++) {
		assert_ptr_equal(pgbinary_time(bytes, ms[i]), bytes + 12);
		assert_int_equal(pgbinary_get_time_us((char *)bytes + 4), ms[i] * 1000);
		pgbinary_int64(bytes, -ms[i]);
		assert_int_equal(pgbinary_get_int64((char *)bytes + 4), -ms[i]);
	}
	pgbinary_int64(bytes, INT64_MIN);
	assert_int_equal(pgbinary_get_time_us((char *)bytes + 4), INT64_MIN);
	pgbinary_int64(bytes, INT64_MAX);
	assert_int_equal(pgbinary_get_time_us((char *)bytes + 4), INT64_MAX);
}

/* ---- standing */

/* A row of the table as the server sends it; memory of its own. */
struct row {
	unsigned char revision[12], fetched_at[12];
	char values[6 * DECIMAL_BYTES];
	struct found found;
};

static void row_of(const struct message *m, struct row *r)
{
	const struct candle *c = &m->candle;

	pgbinary_int64(r->revision, c->revision);
	pgbinary_time(r->fetched_at, m->fetched_at_ms);
	snprintf(r->values, sizeof(r->values), "%s %s %s %s %s %s", c->volume, c->quote_volume,
		 c->open, c->high, c->low, c->close);
	r->found = (struct found){.revision = (char *)r->revision + 4,
				  .fetched_at = (char *)r->fetched_at + 4,
				  .values = r->values,
				  .values_len = strlen(r->values)};
}

static void random_value(char out[DECIMAL_BYTES])
{
	static const char *const some[] = {"1", "1.0", "1.00", "2", "0.5", "10", "100", "0"};

	snprintf(out, DECIMAL_BYTES, "%s", some[below(sizeof(some) / sizeof(*some))]);
}

static struct message random_message(void)
{
	struct message m = {.fetched_at_ms = 1000 + (int64_t)below(3)};

	m.candle.interval = interval_by_name("1m");
	m.candle.revision = (int64_t)below(3);
	random_value(m.candle.open);
	random_value(m.candle.high);
	random_value(m.candle.low);
	random_value(m.candle.close);
	random_value(m.candle.volume);
	random_value(m.candle.quote_volume);
	return m;
}

static void test_standing(void **state)
{
	int seen[ROW_STALE + 1] = {0};

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct message ours = random_message(),
			       theirs = below(3) == 0 ? ours : random_message();
		enum row_state wanted;
		struct row row;

		if (below(3) == 0)
			memcpy(&theirs.candle.open, &ours.candle.open, (size_t)6 * DECIMAL_BYTES);
		row_of(&theirs, &row);
		if (message_compare(&ours, &theirs) > 0)
			wanted = candle_same_values(&ours.candle, &theirs.candle) ? ROW_CONFIRMS
										  : ROW_NEWER;
		else
			wanted = candle_same_values(&ours.candle, &theirs.candle) ? ROW_IDENTICAL
										  : ROW_STALE;
		assert_int_equal(row_state_of(&ours, &row.found), wanted);
		seen[wanted]++;
	}
	assert_true(seen[ROW_NEWER] > 100 && seen[ROW_IDENTICAL] > 100 && seen[ROW_STALE] > 100 &&
		    seen[ROW_CONFIRMS] > 100);
}

/* Read again later with the same values: written while the row is not final, then not any more. */
static void test_read_again(void **state)
{
	static const char *const intervals[] = {"1s", "1m", "1d", "1M"};

	(void)state;
	for (size_t i = 0; i < sizeof(intervals) / sizeof(*intervals); i++) {
		struct message theirs = random_message(), ours;
		struct row row;
		int64_t final_ms;

		theirs.candle.interval = interval_by_name(intervals[i]);
		theirs.candle.timestamp_ms = INT64_C(1704067200000); /* 2024-01-01 */
		final_ms = interval_end(theirs.candle.interval, theirs.candle.timestamp_ms) + 60000;
		ours = theirs;
		ours.fetched_at_ms = final_ms + 5000;
		strcpy(theirs.candle.open, "1.0");
		strcpy(ours.candle.open, "1.00");
		theirs.fetched_at_ms = final_ms - 1;
		row_of(&theirs, &row);
		assert_int_equal(row_state_of(&ours, &row.found), ROW_CONFIRMS);
		theirs.fetched_at_ms = final_ms;
		row_of(&theirs, &row);
		assert_int_equal(row_state_of(&ours, &row.found), ROW_IDENTICAL);
		strcpy(ours.candle.open, "1.01");
		assert_int_equal(row_state_of(&ours, &row.found), ROW_NEWER);
		strcpy(ours.candle.open, "1");
		ours.candle.revision++;
		assert_int_equal(row_state_of(&ours, &row.found), ROW_CONFIRMS);
	}
}

/* Messages of one candle as producers send them, in every order: the same values, and the same
 * revision, are there in the end. */
static void test_any_order(void **state)
{
	/* revision, when it was fetched (the candle is final from 120000 on), its values */
	static const struct {
		int revision, fetched_at;
		const char *value;
	} sent[] = {{5, 61000, "1"},  {5, 62000, "1.0"}, {6, 63000, "2"}, {6, 120000, "2"},
		    {6, 200000, "2"}, {7, 180000, "1"},  {8, 190000, "1"}};
	enum { N = sizeof(sent) / sizeof(*sent) };
	int order[N], tried = 0;

	(void)state;
	for (int code = 0; code < 5040; code++) { /* N! */
		struct message table = {0}, m;
		int left[N], n = N, rest = code;
		struct row row;

		for (int i = 0; i < N; i++)
			left[i] = i;
		for (int i = 0; i < N; i++) {
			int pick = rest % n;

			rest /= n;
			order[i] = left[pick];
			left[pick] = left[--n];
		}
		for (int i = 0; i < N; i++) {
			m = random_message();
			m.candle.timestamp_ms = 0;
			m.candle.revision = sent[order[i]].revision;
			m.fetched_at_ms = sent[order[i]].fetched_at;
			for (char(*v)[DECIMAL_BYTES] = &m.candle.open; v <= &m.candle.quote_volume;
			     v++)
				strcpy(*v, sent[order[i]].value);
			if (i > 0)
				row_of(&table, &row);
			if (i == 0 || row_state_of(&m, &row.found) == ROW_NEWER ||
			    row_state_of(&m, &row.found) == ROW_CONFIRMS)
				table = m;
		}
		assert_int_equal(table.candle.revision, 8);
		assert_string_equal(table.candle.close, "1");
		tried++;
	}
	assert_int_equal(tried, 5040);
}

/* What cannot be compared here, the server must: it is written, unless it has lost already. */
static void test_what_only_the_server_can_tell(void **state)
{
	static const char sixty_four[] =
		"1 1 1 1 1 1234567890123456789012345678901234567890123456789012345678901234";
	const char *const values[] = {"",
				      "1 1 1 1 1", /* one was NULL */
				      "NaN 1 1 1 1 1",
				      "1 NaN 1 1 1 1",
				      "1 1 Infinity 1 1 1",
				      "1 1 1 1 1 -Infinity",
				      sixty_four};
	struct message ours = random_message(), theirs = ours;
	struct row row;

	(void)state;
	for (int i = 0; i < 3; i++) {
		row_of(&theirs, &row);
		*(i == 0   ? &row.found.revision
		  : i == 1 ? &row.found.fetched_at
			   : &row.found.values) = NULL;
		assert_int_equal(row_state_of(&ours, &row.found), ROW_NEWER);
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		row_of(&theirs, &row);
		row.found.values = values[i];
		row.found.values_len = strlen(values[i]);
		assert_int_equal(row_state_of(&ours, &row.found), ROW_NEWER);
	}
	row_of(&theirs, &row);
	pgbinary_int64(row.fetched_at, INT64_MIN); /* -infinity: of an adopted table */
	ours.candle.revision = theirs.candle.revision;
	assert_int_equal(row_state_of(&ours, &row.found), ROW_CONFIRMS);
}

/* ---- what COPY sends */

struct answer {
	char bytes[19 + 2 + 4 * 12 + 4 + 6 * DECIMAL_BYTES];
	size_t len;
};

/* As select ... of SQL_STATES has it: the stretch, the timestamp, the row. */
static void answer_of(const struct message *m, int64_t stretch, int with_header, struct answer *a)
{
	unsigned char *start = (unsigned char *)a->bytes, *at = start;
	struct row row;

	if (with_header)
		at = pgbinary_header(at);
	at = pgbinary_tuple(at, 5);
	at = pgbinary_int64(at, stretch);
	at = pgbinary_time(at, m->candle.timestamp_ms);
	row_of(m, &row);
	at = pgbinary_int64(at, m->candle.revision);
	at = pgbinary_time(at, m->fetched_at_ms);
	at = pgbinary_text(at, row.values);
	a->len = (size_t)(at - start);
}

static void test_answers(void **state)
{
	static const struct batch_limits limits = {.rows = 40, .bytes = 1 << 20, .age_ms = 1000};
	struct session db;
	struct batch b;
	struct message theirs[20];
	struct row_states s = {0};
	struct answer a;

	(void)state;
	session_init(&db, (struct cursor){0});
	batch_init(&b, limits);
	for (int i = 0; i < 20; i++) {
		struct message m = random_message();

		snprintf(m.candle.symbol, sizeof(m.candle.symbol), "KRW-%c", i < 10 ? 'A' : 'B');
		m.candle.timestamp_ms = 1700000040000 + i * INT64_C(60000);
		strcpy(m.candle.close, "77");
		batch_take(&b, 0, i, i, 100, 0);
		batch_add(&b, 0, i, &m);
		theirs[i] = m;
		if (i % 3 != 0)
			strcpy(theirs[i].candle.close, i % 3 == 1 ? "7" : "777");
	}
	batch_seal(&b);
	session_take_rows(&db, b.n);
	memset(db.state, ROW_MISSING, b.n);
	db.state[4] = ROW_EXCLUDED;
	s.stretches = row_state_stretches(&b, db.stretches);
	assert_int_equal(s.stretches, 2);
	for (int i = 19; i >= 0; i--) { /* in whatever order; a row of which nobody asked, too */
		answer_of(&theirs[i], i < 10 ? 1 : 2, i == 19, &a);
		assert_int_equal(row_states_note(&db, &b, &s, a.bytes, a.len), 0);
	}
	theirs[0].candle.timestamp_ms -= 60000;
	answer_of(&theirs[0], 1, 0, &a);
	assert_int_equal(row_states_note(&db, &b, &s, a.bytes, a.len), 0);
	assert_int_equal(row_states_note(&db, &b, &s, "\377\377", 2), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(db.state[i], i == 4       ? ROW_EXCLUDED
					      : i % 3 == 0 ? ROW_IDENTICAL
							   : ROW_STALE);
	batch_release(&b);
	session_release(&db);
}

/* Cut anywhere, and every byte of what is not a value changed: it is refused, or about another row;
 * nothing outside of it is read. */
static void test_damaged_answers(void **state)
{
	static const struct batch_limits limits = {.rows = 4, .bytes = 1 << 20, .age_ms = 1000};
	struct session db;
	struct batch b;
	struct message m = random_message(), other;
	struct row_states s = {.stretches = 1};
	struct answer a;

	(void)state;
	session_init(&db, (struct cursor){0});
	batch_init(&b, limits);
	snprintf(m.candle.symbol, sizeof(m.candle.symbol), "KRW-A");
	m.candle.timestamp_ms = 1700000040000;
	other = m;
	strcpy(other.candle.open, "77");
	batch_take(&b, 0, 0, 0, 100, 0);
	batch_add(&b, 0, 0, &m);
	batch_seal(&b);
	session_take_rows(&db, b.n);
	assert_int_equal(row_state_stretches(&b, db.stretches), 1);
	for (int round = 0; round < 2; round++) {
		answer_of(round ? &m : &other, 1, 0, &a);
		for (size_t len = 0; len < a.len; len++) {
			char *piece = malloc(len + 1);

			assert_non_null(piece);
			memcpy(piece, a.bytes, len);
			assert_int_equal(row_states_note(&db, &b, &s, piece, len), -1);
			free(piece);
		}
		for (size_t at = 0; at < 2; at++) {
			a.bytes[at] ^= 1;
			assert_int_equal(row_states_note(&db, &b, &s, a.bytes, a.len), -1);
			a.bytes[at] ^= 1;
		}
		a.bytes[13] = 2; /* a stretch that is none */
		assert_int_equal(row_states_note(&db, &b, &s, a.bytes, a.len), -1);
		a.bytes[13] = 1;
		for (size_t at = 0; at < a.len; at++) {
			a.bytes[at] = (char)(a.bytes[at] ^ 0x80);
			(void)!row_states_note(&db, &b, &s, a.bytes, a.len);
			a.bytes[at] = (char)(a.bytes[at] ^ 0x80);
		}
	}
	batch_release(&b);
	session_release(&db);
}

/* ---- stretches */

static void test_stretches(void **state)
{
	static const struct batch_limits limits = {.rows = 400, .bytes = 1 << 20, .age_ms = 1000};
	static const char *const intervals[] = {"1m", "1M", "1s"};
	struct stretch stretches[400];

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct batch b;
		size_t n, next = 0;

		batch_init(&b, limits);
		for (int i = 0; i < 300; i++) {
			struct message m = random_message();

			snprintf(m.candle.symbol, sizeof(m.candle.symbol), "KRW-%c",
				 (char)('A' + below(3)));
			m.candle.interval = interval_by_name(intervals[below(3)]);
			m.candle.timestamp_ms = interval_add(
				m.candle.interval, interval_floor(m.candle.interval, 1700000000000),
				(int64_t)below(1000));
			batch_take(&b, 0, i, i, 100, 0);
			batch_add(&b, 0, i, &m);
		}
		batch_seal(&b);
		n = row_state_stretches(&b, stretches);
		for (size_t k = 0; k < n; k++) {
			const struct candle *last = NULL;

			assert_int_equal(stretches[k].from, next);
			assert_true(stretches[k].to > next);
			for (; next < stretches[k].to; next++) {
				const struct candle *c = &b.rows[next].m.candle;

				if (last != NULL) {
					assert_string_equal(c->symbol, last->symbol);
					assert_ptr_equal(c->interval, last->interval);
					assert_in_range(interval_count(c->interval,
								       last->timestamp_ms,
								       c->timestamp_ms),
							1, 8);
				}
				last = c;
			}
		}
		assert_int_equal(next, b.n);
		batch_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric_bytes),
		cmocka_unit_test(test_numeric_there_and_back),
		cmocka_unit_test(test_times_and_integers),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_read_again),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_what_only_the_server_can_tell),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_damaged_answers),
		cmocka_unit_test(test_stretches),
	};

	rng_open("test_standing");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
