/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit_page.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/text/jsonnum.h"
#include "common/text/timetext.h"
#include "producer/exchange/remote.h"

#define DAY_MS INT64_C(86400000)
enum {
	NO_PAGE_ROWS = 3, /* so many that are all bad are not a page, but what an outage sends */
	LONGER_ROWS = 8   /* so many that all begin a longer interval are of that */
};

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
	UNIT,   /* minutes only */
	DAY,    /* days only */
	PERIOD, /* weeks and longer only */
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
	[DAY] = "prev_closing_price",
	[PERIOD] = "first_day_of_period",
};

/* What every row of the answer must agree with, and the row at hand, counted from 1 as sent. */
struct query {
	const char *symbol;
	const struct interval *iv;
	int64_t to_ms;
	int64_t unit; /* 0: the answer has none */
	size_t row;
};

/* A sentence about the row at hand. */
#define ROW_ERROR(query, err, text, ...) \
	err_set(err, ERR_INPUT, "Row %zu of the page " text, (query)->row, ##__VA_ARGS__)

/* Upbit's minutes come with their unit: 1 to 240. */
static int64_t interval_unit(const struct interval *iv)
{
	const int64_t minute_ms = 60000;

	return iv->nominal_ms >= minute_ms && iv->nominal_ms < DAY_MS ? iv->nominal_ms / minute_ms
								      : 0;
}

/* Finds the known fields in one pass, so that a field that comes twice is seen. They come in the
 * order of the table, so the one after the last found is tried first. fields[] is empty before. */
static int row_fields(const struct query *q, const struct cJSON *object,
		      const struct cJSON *fields[FIELDS], struct err *err)
{
	const struct cJSON *item;
	int next = 0;

	cJSON_ArrayForEach(item, object)
	{
		for (int tried = 0; tried < FIELDS; tried++) {
			int i = (next + tried) % FIELDS;

			if (strcmp(item->string, field_names[i]) != 0)
				continue;
			if (fields[i])
				return ROW_ERROR(q, err, "has two fields \"%s\".", field_names[i]);
			fields[i] = item;
			next = i + 1;
			break;
		}
	}
	return 0;
}

static int field_bad(const struct query *q, const struct cJSON *item, enum field field,
		     const char *wanted, struct err *err)
{
	if (!item)
		return ROW_ERROR(q, err, "has no \"%s\".", field_names[field]);
	return ROW_ERROR(q, err, "has a \"%s\" that is not %s.", field_names[field], wanted);
}

static int row_number(const struct query *q, const struct cJSON *item, enum field field,
		      char out[DECIMAL_BYTES], struct err *err)
{
	const char *text = json_number_text(item);

	if (!text)
		return field_bad(q, item, field, "a number", err);
	if (decimal_plain(text, strlen(text), out) < 0)
		return ROW_ERROR(q, err, "has a \"%s\" of more than %d characters.",
				 field_names[field], DECIMAL_MAX);
	return 0;
}

/* What became of one row: taken; not a candle; of another interval, or of another answer, and so is
 * the page if most are; of `to` itself, sent by one that counts it in: of no concern. */
enum row_result { ROW_TAKEN, ROW_BAD, ROW_OFF_GRID, ROW_ALIEN, ROW_BEYOND };

/* Where no unit tells, fields do that a longer one has alone. */
static int is_of_longer(const struct query *q, const struct cJSON *const fields[FIELDS])
{
	return q->unit == 0 && ((q->iv->nominal_ms < DAY_MS && json_number_text(fields[DAY])) ||
				(q->iv->nominal_ms <= DAY_MS && json_string_text(fields[PERIOD])));
}

/* Is this row of the market, interval and span that were asked for? *start_ms: if it tells. */
static enum row_result row_identity(const struct query *q, const struct cJSON *const fields[FIELDS],
				    int64_t *start_ms, struct err *err)
{
	const char *market = json_string_text(fields[MARKET]),
		   *start = json_string_text(fields[START]);
	char quoted[REMOTE_TEXT_BYTES], at[TIMETEXT_BYTES], to[TIMETEXT_BYTES];
	int64_t unit = 0, ms;

	if (market && strcmp(market, q->symbol) != 0) {
		ROW_ERROR(q, err, "is of market \"%s\"; %s was asked for.",
			  remote_text(market, strlen(market), quoted), q->symbol);
		return ROW_ALIEN;
	}
	if (json_number_int64(fields[UNIT], &unit) == 0 && unit != q->unit) {
		ROW_ERROR(q, err, "is of unit %lld; %lld was asked for.", (long long)unit,
			  (long long)q->unit);
		return ROW_ALIEN;
	}
	if (is_of_longer(q, fields)) {
		ROW_ERROR(q, err, "is of a longer interval; %s was asked for.", q->iv->name);
		return ROW_ALIEN;
	}
	if (!start) {
		field_bad(q, fields[START], START, "a string", err);
	} else if (time_parse_candle(start, &ms) < 0) {
		ROW_ERROR(q, err, "has a \"%s\" that is no time: \"%s\".", field_names[START],
			  remote_text(start, strlen(start), quoted));
	} else if (!interval_on_grid(q->iv, ms)) {
		ROW_ERROR(q, err, "begins at %s, which is off the grid of %s.", time_format(ms, at),
			  q->iv->name);
		return ROW_OFF_GRID;
	} else if (ms == q->to_ms) {
		return ROW_BEYOND;
	} else if (ms > q->to_ms) {
		ROW_ERROR(q, err, "begins at %s; only candles before %s were asked for.",
			  time_format(ms, at), time_format(q->to_ms, to));
		return ROW_ALIEN;
	} else {
		*start_ms = ms;
		if (market && (unit == q->unit))
			return ROW_TAKEN;
		if (!market)
			field_bad(q, fields[MARKET], MARKET, "a string", err);
		else
			field_bad(q, fields[UNIT], UNIT, "an integer", err);
	}
	return ROW_BAD;
}

static enum row_result row_parse(const struct query *q, const struct cJSON *object,
				 struct candle *c, int64_t *start_ms, struct err *err)
{
	const struct cJSON *fields[FIELDS] = {NULL};
	const struct {
		enum field field;
		char *out;
	} numbers[] = {
		{OPEN, c->open},   {HIGH, c->high},     {LOW, c->low},
		{CLOSE, c->close}, {VOLUME, c->volume}, {QUOTE_VOLUME, c->quote_volume},
	};
	enum row_result result;
	struct err cause;

	*start_ms = PAGE_ROW_BAD;
	memset(c, 0, sizeof(*c));
	if (cJSON_IsRaw(object)) {
		ROW_ERROR(q, err, "cannot be read: %s", object->valuestring);
		return ROW_BAD;
	}
	if (!cJSON_IsObject(object)) {
		ROW_ERROR(q, err, "is not an object.");
		return ROW_BAD;
	}
	if (row_fields(q, object, fields, err) < 0)
		return ROW_BAD;
	result = row_identity(q, fields, start_ms, err);
	if (result != ROW_TAKEN)
		return result;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (row_number(q, fields[numbers[i].field], numbers[i].field, numbers[i].out, err) <
		    0)
			return ROW_BAD;
	if (json_number_int64(fields[REVISION], &c->revision) < 0) {
		field_bad(q, fields[REVISION], REVISION, "an integer", err);
		return ROW_BAD;
	}
	c->interval = q->iv;
	c->timestamp_ms = *start_ms;
	memcpy(c->symbol, q->symbol, strlen(q->symbol) + 1);
	if (candle_validate(c, &cause) == 0)
		return ROW_TAKEN;
	ROW_ERROR(q, err, "is not a candle: %s", cause.text);
	return ROW_BAD;
}

/* Rows that nothing tells from those of a longer interval but that they all begin one. */
static int is_longer(const struct query *q, const struct page *page, struct err *err)
{
	size_t n;
	const struct interval *longer = interval_table(&n);

	if (q->unit != 0 || page->n < LONGER_ROWS)
		return 0;
	for (size_t i = 0; i < n; i++) {
		size_t on_grid = 0;

		if (longer[i].nominal_ms <= q->iv->nominal_ms || interval_unit(&longer[i]) != 0)
			continue;
		while (on_grid < page->n &&
		       interval_on_grid(&longer[i], page->rows[on_grid].timestamp_ms))
			on_grid++;
		if (on_grid < page->n)
			continue;
		err_set(err, ERR_INPUT,
			"The page is of another interval: each of its %zu rows begins a %s; %s was asked for.",
			page->n, longer[i].name, q->iv->name);
		return 1;
	}
	return 0;
}

/* Each row of the array goes to the page, or is a hole in it. -1: it is the page of another answer.
 */
static int rows_take(const struct cJSON *json, struct query *q, struct page *out,
		     struct page_sent *sent, struct err *err)
{
	const struct cJSON *object;
	struct err cause = {0}, alien = {0};
	size_t off_grid = 0, aliens = 0;

	cJSON_ArrayForEach(object, json)
	{
		int64_t *start_ms = &sent->start_ms[sent->n];

		q->row++;
		sent->n++;
		switch (row_parse(q, object, &out->rows[out->n], start_ms, &cause)) {
		case ROW_TAKEN:
			out->n++;
			break;
		case ROW_OFF_GRID:
			off_grid++;
			__attribute__((fallthrough));
		case ROW_BAD:
			page_row_bad(out, &cause);
			if (*start_ms != PAGE_ROW_BAD)
				spans_add(&out->holes, *start_ms, interval_end(q->iv, *start_ms));
			break;
		case ROW_ALIEN: /* nor is it known in place of which row it stands */
			if (aliens++ == 0)
				alien = cause;
			page_row_bad(out, &cause);
			break;
		case ROW_BEYOND:
			sent->n--;
			break;
		}
	}
	if (aliens * 2 > sent->n) {
		*err = alien;
		return -1;
	}
	if (off_grid > 1 && off_grid * 2 > sent->n)
		return err_set(err, ERR_INPUT, "Most of the page is of another interval: %s",
			       out->bad.text);
	if (out->n == 0 && sent->n >= NO_PAGE_ROWS)
		return err_set(err, ERR_INPUT, "No row of the page is a candle: %s", out->bad.text);
	return is_longer(q, out, err) ? -1 : 0;
}

static int page_rows(const struct cJSON *json, struct query *q, struct page *out, struct err *err)
{
	size_t n = (size_t)cJSON_GetArraySize(json);
	struct page_sent sent = {0};
	int rc;

	if (n > UPBIT_PAGE_ROWS)
		return err_set(err, ERR_INPUT,
			       "The page has %zu rows; the exchange sends %d at most.", n,
			       UPBIT_PAGE_ROWS);
	if (n == 0)
		return 0;
	out->rows = xreallocarray(NULL, n, sizeof(out->rows[0]));
	sent.start_ms = xcalloc(n, sizeof(sent.start_ms[0]));
	rc = rows_take(json, q, out, &sent, err);
	if (rc == 0)
		page_finish(out, q->iv, &sent, q->to_ms);
	free(sent.start_ms);
	return rc;
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
	json = remote_array(body, len, "a page", err);
	if (json)
		result = page_rows(json, &q, out, err);
out:
	cJSON_Delete(json);
	if (result < 0)
		page_release(out);
	return result;
}
