/* SPDX-License-Identifier: MIT */
/* The message of indicators.v1, its numbers as text, and its schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "indicators/output/message.h"
#include "indicators/output/number.h"
#include "rng.h"

/* By printf and strtod alone. */
static void shortest(double v, char *out)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, NUMBER_BYTES, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			return;
	}
}

static void check_number(double v)
{
	char out[NUMBER_BYTES], wanted[NUMBER_BYTES];

	number_text(v, out);
	assert_true(strtod(out, NULL) == v);
	shortest(v, wanted);
	/* Of 17 digits several may read back; none is shorter than printf's. */
	if (strcmp(out, wanted) != 0)
		assert_true(strlen(out) <= strlen(wanted));
}

static void test_number_text(void **state)
{
	char out[NUMBER_BYTES];
	static const double v[] = {0.1,
				   1.0 / 3,
				   11498000,
				   60123.45,
				   1e-8,
				   5e-324,
				   1.7e308,
				   -2.5,
				   100,
				   1e15,
				   1e14,
				   0.0001,
				   0.00012,
				   999999999999999.9,
				   9007199254740993.0,
				   -0.0};

	(void)state;
	assert_string_equal(number_text(0.1, out), "0.1");
	assert_string_equal(number_text(11498000, out), "11498000");
	assert_string_equal(number_text(-60123.45, out), "-60123.45");
	assert_string_equal(number_text(0.00123457, out), "0.00123457");
	assert_string_equal(number_text(0, out), "0");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		check_number(v[i]);
	rng_open("test_indicator_message");
	for (int i = 0; i < 200000; i++) {
		double digits = (double)rng_below(INT64_C(1000000000000000000)) - 5e17;

		check_number(digits / pow(10, (double)rng_below(24)));
		check_number((double)(rng_below(2000000) - 1000000) /
			     pow(10, (double)rng_below(9)));
	}
}

/* ---- the message ---- */

static const char *string_in(const cJSON *o, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static int64_t number_in(const cJSON *o, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

	assert_true(cJSON_IsNumber(item));
	return (int64_t)item->valuedouble;
}

/* The golden message, taken apart and written again, is the same bytes. */
static void test_message(void **state)
{
	static char text[FILE_MAX];
	size_t len = file_read("schemas/indicator.golden.json", text) - 1, k = 0; /* a line */
	cJSON *o = cJSON_Parse(text);
	struct indicator_message m = {0};
	struct set set;
	struct err err;
	struct buf out;
	char word[64];

	(void)state;
	assert_non_null(o);
	snprintf(word, sizeof word, "%s:%s", string_in(o, "indicator"), string_in(o, "params"));
	assert_int_equal(set_parse(word, &set, &err), 0);
	m.symbol = string_in(o, "symbol");
	m.source = string_in(o, "source");
	m.interval = interval_by_name(string_in(o, "interval"));
	m.timestamp_ms = number_in(o, "timestamp");
	m.indicator = &set.v[0];
	m.result.candles = number_in(o, "candles");
	m.result.as_of_ms = number_in(o, "as_of");
	for (const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, "value")->child; v; v = v->next)
		m.result.v[k++] = strtod(v->valuestring, NULL);
	assert_int_equal(k, 3);
	buf_init(&out, INDICATOR_MAX_BYTES);
	assert_int_equal(indicator_encode(&m, &out), 0);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, text, len);
	m.result = (struct result){.state = RESULT_UNAVAILABLE, .reason = REASON_GAP, .candles = 7};
	buf_clear(&out);
	assert_int_equal(indicator_encode(&m, &out), 0);
	assert_non_null(strstr(out.data,
			       "\"state\":\"unavailable\",\"reason\":\"gap\",\"value\":{},"
			       "\"candles\":7"));
	buf_release(&out);
	cJSON_Delete(o);
}

/* The schema asks for the keys that are written, in their order, and knows every kind, state and
 * reason. */
static void test_schema(void **state)
{
	static char message_text[FILE_MAX], text[FILE_MAX];
	const cJSON *required, *described, *key, *list;
	size_t n;
	const struct kind *const *kinds = kind_table(&n);
	cJSON *message, *schema;

	(void)state;
	file_read("schemas/indicator.golden.json", message_text);
	file_read("schemas/indicator.schema.json", text);
	message = cJSON_Parse(message_text);
	schema = cJSON_Parse(text);
	assert_non_null(message);
	assert_non_null(schema);
	required = cJSON_GetObjectItemCaseSensitive(schema, "required")->child;
	described = cJSON_GetObjectItemCaseSensitive(schema, "properties")->child;
	cJSON_ArrayForEach(key, message)
	{
		assert_string_equal(required->valuestring, key->string);
		assert_string_equal(described->string, key->string);
		required = required->next;
		described = described->next;
	}
	assert_null(required);
	assert_null(described);
	described = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	list = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(described, "indicator"), "enum");
	assert_int_equal(cJSON_GetArraySize(list), n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(cJSON_GetArrayItem(list, (int)i)->valuestring, kinds[i]->name);
	cJSON_Delete(message);
	cJSON_Delete(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number_text),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
