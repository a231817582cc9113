/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit_page.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/jsonnum.h"
#include "common/timetext.h"
#include "producer/exchange/remote.h"

enum field {
	MARKET,
	START,
	OPEN,
	HIGH,
	LOW,
	CLOSE,
	REVISION,
	QUOTE_VOLUME,
	VOLUME,
	UNIT, /* minutes only */
	FIELDS
};

static const char *const field_names[FIELDS] = {
	[MARKET] = "market",
	[START] = "candle_date_time_utc",
	[OPEN] = "opening_price",
	[HIGH] = "high_price",
	[LOW] = "low_price",
	[CLOSE] = "trade_price",
	[REVISION] = "timestamp",
	[QUOTE_VOLUME] = "candle_acc_trade_price",
	[VOLUME] = "candle_acc_trade_volume",
	[UNIT] = "unit",
};

/* What every row of the answer must agree with, and the row at hand, counted from 1 as sent. */
struct query {
	const char *symbol;
	const struct interval *iv;
	int64_t to_ms;
	int64_t unit; /* 0: the answer has none */
	size_t row;
};

/* Upbit's minutes come with their unit: 1 to 240. */
static int64_t interval_unit(const struct interval *iv)
{
	const int64_t minute_ms = 60000, day_ms = 1440 * minute_ms;

	return iv->nominal_ms >= minute_ms && iv->nominal_ms < day_ms ? iv->nominal_ms / minute_ms
								      : 0;
}

/* Finds the known fields in one pass, so that a field that comes twice is seen. fields[] is empty
 * before. */
static int row_fields(const struct cJSON *object, size_t row, const struct cJSON *fields[FIELDS],
		      struct err *err)
{
	const struct cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		for (int i = 0; i < FIELDS; i++) {
			if (strcmp(item->string, field_names[i]) != 0)
				continue;
			if (fields[i])
				return err_set(err, ERR_INPUT,
					       "Row %zu of the page has two fields \"%s\".", row,
					       field_names[i]);
			fields[i] = item;
			break;
		}
	}
	return 0;
}

static int field_bad(const struct query *q, const struct cJSON *item, enum field field,
		     const char *wanted, struct err *err)
{
	if (!item)
		return err_set(err, ERR_INPUT, "Row %zu of the page has no \"%s\".", q->row,
			       field_names[field]);
	return err_set(err, ERR_INPUT, "Row %zu of the page has a \"%s\" that is not %s.", q->row,
		       field_names[field], wanted);
}

static int row_number(const struct query *q, const struct cJSON *item, enum field field,
		      char out[DECIMAL_BYTES], struct err *err)
{
	const char *text = json_number_text(item);

	if (!text)
		return field_bad(q, item, field, "a number", err);
	if (decimal_plain(text, strlen(text), out) < 0)
		return err_set(err, ERR_INPUT,
			       "Row %zu of the page has a \"%s\" of more than %d characters.",
			       q->row, field_names[field], DECIMAL_MAX);
	return 0;
}

/* Market, unit and start: is this row an answer to what was asked? */
static int row_identity(const struct query *q, const struct cJSON *const fields[FIELDS],
			struct candle *c, struct err *err)
{
	const char *market = json_string_text(fields[MARKET]),
		   *start = json_string_text(fields[START]);
	char quoted[REMOTE_TEXT_BYTES], at[TIMETEXT_BYTES], to[TIMETEXT_BYTES];
	int64_t unit = 0;

	if (!market)
		return field_bad(q, fields[MARKET], MARKET, "a string", err);
	if (strcmp(market, q->symbol) != 0)
		return err_set(err, ERR_INPUT,
			       "Row %zu of the page is of market \"%s\"; %s was asked for.", q->row,
			       remote_text(market, strlen(market), quoted), q->symbol);
	if (q->unit && json_number_int64(fields[UNIT], &unit) < 0)
		return field_bad(q, fields[UNIT], UNIT, "an integer", err);
	if (unit != q->unit)
		return err_set(err, ERR_INPUT,
			       "Row %zu of the page is of unit %lld; %lld was asked for.", q->row,
			       (long long)unit, (long long)q->unit);
	if (!start)
		return field_bad(q, fields[START], START, "a string", err);
	if (time_parse_candle(start, &c->timestamp_ms) < 0)
		return err_set(err, ERR_INPUT,
			       "Row %zu of the page has a \"%s\" that is no time: \"%s\".", q->row,
			       field_names[START], remote_text(start, strlen(start), quoted));
	if (!interval_on_grid(q->iv, c->timestamp_ms))
		return err_set(err, ERR_INPUT,
			       "Row %zu of the page begins at %s, which is off the grid of %s.",
			       q->row, time_format(c->timestamp_ms, at), q->iv->name);
	if (c->timestamp_ms >= q->to_ms)
		return err_set(
			err, ERR_INPUT,
			"Row %zu of the page begins at %s; only candles before %s were asked for.",
			q->row, time_format(c->timestamp_ms, at), time_format(q->to_ms, to));
	return 0;
}

static int row_parse(const struct query *q, const struct cJSON *object, struct candle *c,
		     struct err *err)
{
	const struct cJSON *fields[FIELDS] = {NULL};
	const struct {
		enum field field;
		char *out;
	} numbers[] = {
		{OPEN, c->open},   {HIGH, c->high},     {LOW, c->low},
		{CLOSE, c->close}, {VOLUME, c->volume}, {QUOTE_VOLUME, c->quote_volume},
	};

	memset(c, 0, sizeof(*c));
	if (!cJSON_IsObject(object))
		return err_set(err, ERR_INPUT, "Row %zu of the page is not an object.", q->row);
	if (row_fields(object, q->row, fields, err) < 0 || row_identity(q, fields, c, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (row_number(q, fields[numbers[i].field], numbers[i].field, numbers[i].out, err) <
		    0)
			return -1;
	if (json_number_int64(fields[REVISION], &c->revision) < 0)
		return field_bad(q, fields[REVISION], REVISION, "an integer", err);
	c->interval = q->iv;
	memcpy(c->symbol, q->symbol, strlen(q->symbol) + 1);
	return page_row_check(c, q->row, err);
}

static int page_rows(const struct cJSON *json, struct query *q, struct page *out, struct err *err)
{
	const char *message = remote_error(json);
	char quoted[REMOTE_TEXT_BYTES];
	const struct cJSON *object;
	size_t n;

	if (message)
		return err_set(err, ERR_INPUT,
			       "The exchange answered with an error in place of a page: \"%s\".",
			       remote_text(message, strlen(message), quoted));
	if (!cJSON_IsArray(json))
		return err_set(err, ERR_INPUT, "The answer is not a page: JSON, but not an array.");
	n = (size_t)cJSON_GetArraySize(json);
	if (n > UPBIT_PAGE_ROWS)
		return err_set(err, ERR_INPUT,
			       "The page has %zu rows; the exchange sends %d at most.", n,
			       UPBIT_PAGE_ROWS);
	if (n == 0)
		return 0;
	out->rows = xcalloc(n, sizeof(out->rows[0]));
	cJSON_ArrayForEach(object, json)
	{
		q->row = out->n + 1;
		if (row_parse(q, object, &out->rows[out->n], err) < 0)
			return -1;
		out->n++;
	}
	return page_sort(out, err);
}

int upbit_page_parse(const char *body, size_t len, const char *symbol, const struct interval *iv,
		     int64_t to_ms, struct page *out, struct err *err)
{
	struct query q = {.symbol = symbol, .iv = iv, .to_ms = to_ms, .unit = interval_unit(iv)};
	struct cJSON *json = NULL;
	int result = -1;

	*out = (struct page){0};
	if (!symbol_is_valid(symbol)) {
		err_set(err, ERR_INPUT, "A page was asked for \"%s\", which is not a market.",
			symbol);
		goto out;
	}
	json = remote_json(body, len, err);
	if (json)
		result = page_rows(json, &q, out, err);
out:
	cJSON_Delete(json);
	if (result < 0)
		page_release(out);
	return result;
}
