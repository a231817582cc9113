/* SPDX-License-Identifier: MIT */
/* Two readers of the message, one contract: what the encoder writes is what the scan takes, and
 * what the scan takes is what the JSON parser reads and the encoder writes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "golden.h"
#include "readers.h"
#include "rng.h"

/* A copy of exactly the right size, so that AddressSanitizer sees a read past the end. Returns 1 if
 * the scan takes it. */
static int agree(const char *text, size_t len)
{
	char *value = malloc(len ? len : 1);
	const char *wrong;
	int taken;

	assert_non_null(value);
	memcpy(value, text, len);
	wrong = readers_disagree(value, len, &taken);
	if (wrong)
		fail_msg("%s: %.*s", wrong, (int)len, text);
	free(value);
	return taken;
}

/* ---- messages */

static char pick(const char *from)
{
	return from[rng_below((int64_t)strlen(from))];
}

static void random_text(char *out, int64_t least, int64_t most, const char *from)
{
	int64_t n = least + rng_below(most - least + 1);

	while (n-- > 0)
		*out++ = pick(from);
	*out = 0;
}

static void random_decimal(char *out, int may_be_negative)
{
	if (may_be_negative && rng_below(16) == 0)
		*out++ = '-';
	if (rng_below(4) == 0) {
		*out++ = '0';
		*out = 0;
	} else {
		*out++ = pick("123456789");
		random_text(out, 0, 29, "0123456789");
		out += strlen(out);
	}
	if (rng_below(3) > 0) {
		*out++ = '.';
		random_text(out, 1, 30, "0123456789");
	}
}

/* Any number of digits is as likely as any other. */
static int64_t random_int64(void)
{
	return rng_below(INT64_MAX) >> rng_below(63);
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Its times are any numbers: the readers do not look at what they mean. */
static struct message random_message(void)
{
	size_t intervals;
	const struct interval *interval = interval_table(&intervals);
	struct message m = {0};
	struct candle *c = &m.candle;

	random_text(c->symbol, 2, 10, UPPER);
	strcat(c->symbol, "-");
	random_text(c->symbol + strlen(c->symbol), 1, 20, UPPER);
	c->interval = interval + rng_below((int64_t)intervals);
	c->timestamp_ms = random_int64();
	random_decimal(c->open, 1);
	random_decimal(c->high, 1);
	random_decimal(c->low, 1);
	random_decimal(c->close, 1);
	random_decimal(c->volume, 0);
	random_decimal(c->quote_volume, 0);
	c->revision = random_int64();
	m.covers_from_ms = random_int64();
	m.covers_to_ms = random_int64();
	random_text(m.source, 1, SOURCE_BYTES - 1, "abcdefghijklmnopqrstuvwxyz0123456789-");
	m.origin = (enum origin)rng_below(ORIGIN_REPAIR + 1);
	m.fetched_at_ms = random_int64();
	return m;
}

static int number_fits(int64_t number)
{
	return number < INT64_C(1000000000000000000);
}

static void test_what_is_written_is_read(void **state)
{
	int taken = 0;
	struct buf out;

	(void)state;
	buf_init(&out, MESSAGE_MAX_BYTES);
	for (int round = 0; round < 20000; round++) {
		struct message m = random_message(), json;
		struct err err = {0};
		int fits = number_fits(m.candle.timestamp_ms) && number_fits(m.candle.revision) &&
			   number_fits(m.covers_from_ms) && number_fits(m.covers_to_ms) &&
			   number_fits(m.fetched_at_ms) && !has_sign(&m.candle);

		buf_clear(&out);
		assert_int_equal(message_encode(&m, &out), 0);
		assert_int_equal(agree(out.data, out.len), fits);
		assert_int_equal(message_read_json(out.data, out.len, &json, &err), MESSAGE_OK);
		assert_true(same_message(&m, &json));
		taken += fits;
	}
	assert_true(taken > 10000);
	buf_release(&out);
}

static void test_the_scan_takes_nothing_else(void **state)
{
	static const struct {
		const char *find, *replace;
	} cases[] = {
		{"{\"v\":1", "{\"v\":2"},
		{"{\"v\":1", "{\"v\":01"},
		{"{\"v\":1", "{\"v\": 1"},
		{"{\"v\":1", " {\"v\":1"},
		{"}", "} "},
		{"}", ",\"note\":1}"},
		{"}", ""},
		{"\"1m\"", "\"2m\""},
		{"\"1m\"", "\"1\\u006d\""},
		{"\"backfill\"", "\"back\""},
		{"\"backfill\"", "backfill"},
		{"\"11509000.0\"", "11509000.0"},
		{"\"11509000.0\"", "\"-11509000.0\""},
		{"\"11509000.0\"", "\"11509000.\""},
		{"\"11509000.0\"", "\"011509000.0\""},
		{"\"11509000.0\"", "\"11509000.0e0\""},
		{"\"11509000.0\"", "\"\""},
		{"1582197598691", "\"1582197598691\""},
		{"1582197598691", "01582197598691"},
		{"1582197598691", "-1"},
		{"1582197598691", "-0"},
		{"1582197598691", ""},
		{"1582197598691", "1e3"},
		{"1582197598691", "1000000000000000000"},
		{"1582197598691", "9223372036854775808"},
		{"1582197598691", "1.0"},
		{"KRW-BTC", "KRW\\u002dBTC"},
		{"KRW-BTC", "KRW-\xc3\x84"},
		{"KRW-BTC", "KRW-B\x01"},
		{"KRW-BTC", "KRW-B\x7f"},
		{"KRW-BTC", "KRW-BTCBTCBTCBTCBTCBTCBTCBTCBTCBT"},
		{"\"upbit\"", "\"upbit-upbit-upbi\""},
		{"\"2.63267824\"",
		 "\"1234567890123456789012345678901234567890123456789012345678901234\""},
	};

	(void)state;
	assert_true(agree(golden, golden_len));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *place = strstr(golden, cases[i].find);
		char text[2 * FILE_MAX];
		size_t before, len;

		assert_non_null(place);
		before = (size_t)(place - golden);
		len = (size_t)snprintf(text, sizeof text, "%.*s%s%s", (int)before, golden,
				       cases[i].replace, place + strlen(cases[i].find));
		if (agree(text, len))
			fail_msg("the scan takes %s", text);
	}
}

/* ---- damage */

static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t len = 0; len < golden_len; len++)
		assert_false(agree(golden, len));
}

static void test_every_byte_replaced(void **state)
{
	(void)state;
	for (size_t at = 0; at < golden_len; at++) {
		char text[FILE_MAX];

		memcpy(text, golden, golden_len);
		for (int byte = 0; byte < 256; byte++) {
			text[at] = (char)byte;
			agree(text, golden_len);
		}
	}
}

enum { PIECES_MAX = 32 };

/* The members in another order, missing, or twice. */
static void test_members_moved(void **state)
{
	struct {
		const char *text;
		int len;
	} piece[PIECES_MAX];
	int n = 0;

	(void)state;
	for (const char *at = golden + 1, *end; n < PIECES_MAX; at = end + 1) {
		end = at + strcspn(at, ",}");
		piece[n].text = at;
		piece[n++].len = (int)(end - at);
		if (*end == '}')
			break;
	}
	assert_int_equal(n, 16);
	for (int from = 0; from < n; from++) {
		for (int to = -1; to < n; to++) {
			char text[FILE_MAX] = "{";
			size_t len = 1;

			for (int i = 0; i < n; i++) {
				int which = i == from ? to : i == to ? from : i;

				if (which >= 0)
					len += (size_t)sprintf(text + len, "%s%.*s",
							       len > 1 ? "," : "", piece[which].len,
							       piece[which].text);
			}
			len += (size_t)sprintf(text + len, "}");
			assert_int_equal(agree(text, len), from == to);
		}
	}
}

/* Bytes of one place put at another, several times. */
static void test_random_damage(void **state)
{
	static const char bytes[] = "\"\\,:{}0123456789-.eE \x01\x7f\xc3mMsu";
	int taken = 0;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char text[FILE_MAX];
		size_t len = golden_len;

		memcpy(text, golden, len);
		for (int64_t n = 1 + rng_below(3); n > 0; n--) {
			size_t at = (size_t)rng_below((int64_t)len);

			switch (rng_below(3)) {
			case 0:
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			case 1:
				memmove(text + at + 1, text + at, len - at);
				len++;
				text[at] = bytes[rng_below((int64_t)sizeof bytes - 1)];
				break;
			default:
				text[at] = bytes[rng_below((int64_t)sizeof bytes - 1)];
			}
		}
		taken += agree(text, len);
	}
	assert_true(taken > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_the_scan_takes_nothing_else),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_every_byte_replaced),
		cmocka_unit_test(test_members_moved),
		cmocka_unit_test(test_random_damage),
	};

	rng_open("test_candle_readers");
	return cmocka_run_group_tests(tests, golden_read, NULL);
}
