/* SPDX-License-Identifier: MIT */
/* The message contract: the golden example, every reason to reject alone
 * (tests/data/messages/reject.tsv), and which of two messages wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/candle/candle.h"
#include "common/text/jsonnum.h"
#include "golden.h"

static void test_golden(void **state)
{
	struct message m = decoded(golden, golden_len);
	const struct candle *c = &m.candle;
	struct buf out;

	(void)state;
	assert_string_equal(c->symbol, "KRW-BTC");
	assert_ptr_equal(c->interval, interval_by_name("1m"));
	assert_int_equal(c->timestamp_ms, INT64_C(1582197540000));
	assert_string_equal(c->open, "11509000.0");
	assert_string_equal(c->high, "11511000.0");
	assert_string_equal(c->low, "11489000.0");
	assert_string_equal(c->close, "11498000.0");
	assert_string_equal(c->volume, "2.63267824");
	assert_string_equal(c->quote_volume, "30279009.54681");
	assert_int_equal(c->revision, INT64_C(1582197598691));
	assert_int_equal(m.covers_from_ms, INT64_C(1582197540000));
	assert_int_equal(m.covers_to_ms, INT64_C(1582197600000));
	assert_string_equal(m.source, "upbit");
	assert_int_equal(m.origin, ORIGIN_BACKFILL);
	assert_int_equal(m.fetched_at_ms, INT64_C(1582201000123));
	buf_init(&out, MESSAGE_MAX_BYTES);
	assert_int_equal(message_encode(&m, &out), 0);
	assert_int_equal(out.len, golden_len);
	assert_memory_equal(out.data, golden, golden_len);
	buf_release(&out);
}

/* The schema asks for the keys that the codec writes, in its order, and knows no others. */
static void test_schema(void **state)
{
	static char text[FILE_MAX];
	size_t len = file_read("schemas/candle.schema.json", text);
	const cJSON *required, *described, *key;
	struct buf work;
	cJSON *schema, *message;
	struct err err;

	(void)state;
	buf_init(&work, 4 * (size_t)FILE_MAX);
	schema = json_parse(text, len, &work, &err);
	message = json_parse(golden, golden_len, &work, &err);
	assert_non_null(schema);
	assert_non_null(message);
	required = cJSON_GetObjectItemCaseSensitive(schema, "required");
	described = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	assert_int_equal(cJSON_GetArraySize(required), cJSON_GetArraySize(message));
	assert_int_equal(cJSON_GetArraySize(described), cJSON_GetArraySize(message));
	required = required->child;
	described = described->child;
	cJSON_ArrayForEach(key, message)
	{
		assert_string_equal(json_string_text(required), key->string);
		assert_string_equal(described->string, key->string);
		required = required->next;
		described = described->next;
	}
	cJSON_Delete(schema);
	cJSON_Delete(message);
	buf_release(&work);
}

static void test_encode_into_a_full_buffer(void **state)
{
	struct message m = decoded(golden, golden_len);
	struct buf out;

	(void)state;
	buf_init(&out, golden_len);
	assert_int_equal(buf_append(&out, "x", 1), 0);
	assert_int_equal(message_encode(&m, &out), -1);
	assert_string_equal(out.data, "x");
	buf_clear(&out);
	assert_int_equal(message_encode(&m, &out), 0);
	buf_release(&out);
}

/* "\x00", "\t", "\n" and "\\" of the table's cells. Returns the length. */
static size_t unescape(char *text)
{
	char *to = text, hex[3] = "";
	const char *at = text;

	while (*at) {
		if (at[0] == '\\' && at[1] == 'x') {
			memcpy(hex, at + 2, 2);
			*to++ = (char)strtoul(hex, NULL, 16);
			at += 4;
		} else if (at[0] == '\\' && (at[1] == 't' || at[1] == 'n' || at[1] == '\\')) {
			*to++ = (char)(at[1] == 't' ? '\t' : at[1] == 'n' ? '\n' : '\\');
			at += 2;
		} else {
			*to++ = *at++;
		}
	}
	*to = 0;
	return (size_t)(to - text);
}

/* result <tab> find <tab> replace <tab> what the sentence must contain. "^" finds the beginning,
 * "$" the end,
 * "*" all. */
static void check_row(char *row, int line)
{
	char *save = NULL, *result = strtok_r(row, "\t", &save),
	     *find = strtok_r(NULL, "\t", &save);
	char *replace = find + strlen(find) + 1, *expected = replace + strcspn(replace, "\t"),
	     text[2 * FILE_MAX];
	size_t find_len, replace_len, before, len;
	enum message_result want, got;
	struct err err = {0};
	struct message m;

	assert_int_equal(*expected, '\t');
	*expected++ = 0;
	find_len = unescape(find);
	replace_len = unescape(replace);
	if (!strcmp(find, "^") || !strcmp(find, "$") || !strcmp(find, "*")) {
		before = *find == '$' ? golden_len : 0;
		find_len = *find == '*' ? golden_len : 0;
	} else {
		const char *place = strstr(golden, find);

		if (!place || strstr(place + 1, find))
			fail_msg("line %d: \"%s\" must be in the golden message once", line, find);
		before = (size_t)(place - golden);
	}
	memcpy(text, golden, before);
	memcpy(text + before, replace, replace_len);
	memcpy(text + before + replace_len, golden + before + find_len,
	       golden_len - before - find_len);
	len = golden_len - find_len + replace_len;
	want = !strcmp(result, "ok")      ? MESSAGE_OK
	       : !strcmp(result, "newer") ? MESSAGE_NEWER
					  : MESSAGE_BAD;
	got = message_decode(text, len, &m, &err);
	if (got != want)
		fail_msg("line %d: %.*s: result %d, expected %s: %s", line, (int)len, text, got,
			 result, err.text);
	if (want != MESSAGE_OK && !strstr(err.text, expected))
		fail_msg("line %d: the sentence is: %s", line, err.text);
	if (want == MESSAGE_BAD)
		assert_int_equal(err.class, ERR_INPUT);
	for (const char *c = err.text; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
}

static void test_every_reason_alone(void **state)
{
	static char table[FILE_MAX];
	int line = 0, rows = 0;

	(void)state;
	file_read("tests/data/messages/reject.tsv", table);
	for (char *row = table, *end; *row; row = end + 1) {
		end = row + strcspn(row, "\n");
		assert_int_equal(*end, '\n');
		*end = 0;
		line++;
		if (*row == '#' || !*row)
			continue;
		check_row(row, line);
		rows++;
	}
	assert_true(rows > 200);
}

/* What the largest candle looks like stays below the limit. */
static void test_the_largest_message_fits(void **state)
{
	static const char digits[] =
		"123456789012345678901234567890.12345678901234567890123456789012";
	struct message m = decoded(golden, golden_len), back;
	struct candle *c = &m.candle;
	struct err err = {0};
	struct buf out;

	(void)state;
	strcpy(c->symbol, "ABCDEFGHIJ-12345678901234567890");
	strcpy(m.source, "upbit-singapore");
	for (size_t i = 0; i < 6; i++)
		strcpy((char *[]){c->open, c->high, c->low, c->close, c->volume,
				  c->quote_volume}[i],
		       digits);
	c->revision = INT64_MAX;
	buf_init(&out, MESSAGE_MAX_BYTES);
	assert_int_equal(message_validate(&m, &err), 0);
	assert_int_equal(message_encode(&m, &out), 0);
	back = decoded(out.data, out.len);
	assert_int_equal(message_compare(&m, &back), 0);
	assert_int_equal(back.candle.revision, INT64_MAX);
	assert_string_equal(back.candle.quote_volume, digits);
	buf_release(&out);
}

static void test_which_message_wins(void **state)
{
	struct message m = decoded(golden, golden_len), v[8];
	enum { N = sizeof v / sizeof *v };

	(void)state;
	for (size_t i = 0; i < N; i++)
		v[i] = m;
	/* ascending */
	v[0].candle.revision--;
	v[0].fetched_at_ms += 1000; /* revision goes before fetched_at */
	v[1].fetched_at_ms--;
	strcpy(v[1].candle.volume, "99"); /* and that before volume */
	strcpy(v[2].candle.volume, "2.6326782");
	strcpy(v[2].candle.quote_volume, "999999999");
	strcpy(v[3].candle.quote_volume, "9");
	strcpy(v[5].candle.quote_volume, "30279009.546811");
	strcpy(v[6].candle.volume, "10.0");
	v[7].candle.revision = INT64_MAX;
	for (size_t i = 0; i < N; i++) {
		for (size_t j = 0; j < N; j++) {
			int order = message_compare(&v[i], &v[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
	/* digits that mean the same, a promise, an origin: alike */
	v[4].covers_to_ms += 60000;
	v[4].origin = ORIGIN_LIVE;
	strcpy(v[4].candle.volume, "2.632678240");
	assert_int_equal(message_compare(&v[4], &m), 0);
}

static void test_values(void **state)
{
	struct message m = decoded(golden, golden_len);
	struct candle a = m.candle, b = a;

	(void)state;
	strcpy(b.open, "11509000");
	strcpy(b.volume, "2.6326782400");
	b.revision++;
	assert_true(candle_same_values(&a, &b));
	for (size_t i = 0; i < 6; i++) {
		b = a;
		strcpy((char *[]){b.open, b.high, b.low, b.close, b.volume, b.quote_volume}[i],
		       "1");
		assert_false(candle_same_values(&a, &b));
	}
	assert_false(candle_is_inconsistent(&a));
	for (size_t i = 0; i < 5; i++) {
		static const char *const values[][4] = {{"5", "4", "1", "2"},
							{"2", "4", "1", "5"},
							{"1", "4", "2", "3"},
							{"3", "4", "2", "1"},
							{"2", "1", "3", "2"}};
		struct err err = {0};

		strcpy(m.candle.open, values[i][0]);
		strcpy(m.candle.high, values[i][1]);
		strcpy(m.candle.low, values[i][2]);
		strcpy(m.candle.close, values[i][3]);
		assert_true(candle_is_inconsistent(&m.candle));
		assert_int_equal(message_validate(&m, &err), 0);
	}
}

static void test_names(void **state)
{
	static const char *const symbols[] = {"KRW-BTC", "AB-1", "USDT-1INCH",
					      "ABCDEFGHIJ-ABCDEFGHIJKLMNOPQRST"};
	static const char *const not_symbols[] = {"",
						  "-",
						  "A-B",
						  "KRW",
						  "KRW-",
						  "-BTC",
						  "krw-btc",
						  "KRW-BTC ",
						  "KRW_BTC",
						  "ABCDEFGHIJK-A",
						  "AB-ABCDEFGHIJKLMNOPQRSTU",
						  "KRW-BTC-X",
						  "KRW-B\xc3\x9c"};
	static const char *const sources[] = {"upbit", "upbit-sg", "x", "a23456789012345"};
	static const char *const not_sources[] = {"", "Upbit", "up bit", "a234567890123456",
						  "up_bit"};

	(void)state;
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		assert_true(symbol_is_valid(symbols[i]));
	for (size_t i = 0; i < sizeof not_symbols / sizeof *not_symbols; i++)
		assert_false(symbol_is_valid(not_symbols[i]));
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		assert_true(source_is_valid(sources[i]));
	for (size_t i = 0; i < sizeof not_sources / sizeof *not_sources; i++)
		assert_false(source_is_valid(not_sources[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_encode_into_a_full_buffer),
		cmocka_unit_test(test_every_reason_alone),
		cmocka_unit_test(test_the_largest_message_fits),
		cmocka_unit_test(test_which_message_wins),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, golden_read, NULL);
}
