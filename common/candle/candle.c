/* SPDX-License-Identifier: MIT */
#include "common/candle/candle.h"

#include <inttypes.h>
#include <string.h>

#include "common/text/decimal.h"
#include "common/text/utf8.h"

/* 2009-01-01, before any exchange, and 9999-01-01: times outside are in the wrong unit. */
#define TIME_LEAST_MS INT64_C(1230768000000)
#define TIME_END_MS   INT64_C(253370764800000)

static int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static int is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* How many upper-case letters and digits text begins with, at most `most`. */
static size_t upper_run(const char *text, size_t most)
{
	size_t n = 0;

	while (n < most && (is_upper(text[n]) || is_digit(text[n])))
		n++;
	return n;
}

int symbol_is_valid(const char *symbol)
{
	size_t quote = upper_run(symbol, 10), base;

	if (quote < 2 || symbol[quote] != '-')
		return 0;
	base = upper_run(symbol + quote + 1, 20);
	return base >= 1 && !symbol[quote + 1 + base];
}

int source_is_valid(const char *source)
{
	size_t n = 0;

	while (n < SOURCE_BYTES - 1 &&
	       (is_lower(source[n]) || is_digit(source[n]) || source[n] == '-'))
		n++;
	return n >= 1 && !source[n];
}

static const char *const exchanges[] = {"upbit"};

int source_is_of(const char *source, const char *exchange)
{
	size_t n = strlen(exchange);

	return strncmp(source, exchange, n) == 0 && (source[n] == '\0' || source[n] == '-');
}

int source_check(const char *source, struct err *err)
{
	if (!source_is_valid(source))
		return err_set(err, ERR_FATAL, "--source: '%s' is not 1 to 15 of a-z, 0-9 and -",
			       source);
	for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
		if (source_is_of(source, exchanges[i]))
			return 0;
	return err_set(
		err, ERR_FATAL,
		"--source: '%s' is of no exchange that is known here; upbit and upbit-REGION are",
		source);
}

const char *origin_name(enum origin origin)
{
	static const char *const names[] = {
		[ORIGIN_LIVE] = "live", [ORIGIN_BACKFILL] = "backfill", [ORIGIN_REPAIR] = "repair"};

	return origin <= ORIGIN_REPAIR ? names[origin] : "unknown";
}

int origin_by_name(const char *name, enum origin *out)
{
	for (enum origin o = ORIGIN_LIVE; o <= ORIGIN_REPAIR; o++) {
		if (!strcmp(name, origin_name(o))) {
			*out = o;
			return 0;
		}
	}
	return -1;
}

static int time_is_possible(int64_t ms)
{
	return ms >= TIME_LEAST_MS && ms < TIME_END_MS;
}

#define refuse(...) err_set(err, ERR_INPUT, __VA_ARGS__)

static int check_names(const struct candle *c, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	if (!symbol_is_valid(c->symbol))
		return refuse("\"symbol\" is \"%s\"; it must be a market such as KRW-BTC.",
			      printable(c->symbol, shown));
	if (!c->interval)
		return refuse("\"interval\" is missing.");
	return 0;
}

static int check_origin(const struct message *m, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	if (!source_is_valid(m->source))
		return refuse("\"source\" is \"%s\"; it must be 1 to %d of a-z, 0-9 and -.",
			      printable(m->source, shown), SOURCE_BYTES - 1);
	if (m->origin != ORIGIN_LIVE && m->origin != ORIGIN_BACKFILL && m->origin != ORIGIN_REPAIR)
		return refuse("\"origin\" must be live, backfill or repair.");
	if (m->fetched_at_ms <= 0 || m->fetched_at_ms >= TIME_END_MS)
		return refuse("\"fetched_at\" is %" PRId64
			      "; it must be milliseconds since 1970, before 9999.",
			      m->fetched_at_ms);
	return 0;
}

static int check_decimal(const char *name, const char *text, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	if (decimal_is_plain(text))
		return 0;
	return refuse(
		"\"%s\" is \"%s\"; it must be a decimal number of at most %d characters, without exponent.",
		name, printable(text, shown), DECIMAL_MAX);
}

static int check_amount(const char *name, const char *text, struct err *err)
{
	if (check_decimal(name, text, err))
		return -1;
	return *text != '-' || decimal_compare(text, "0") >= 0
		       ? 0
		       : refuse("\"%s\" is %s; it must not be negative.", name, text);
}

static int check_values(const struct candle *c, struct err *err)
{
	return check_decimal("open", c->open, err) || check_decimal("high", c->high, err) ||
	       check_decimal("low", c->low, err) || check_decimal("close", c->close, err) ||
	       check_amount("volume", c->volume, err) ||
	       check_amount("quote_volume", c->quote_volume, err);
}

static int check_times(const struct candle *c, struct err *err)
{
	if (!time_is_possible(c->timestamp_ms))
		return refuse("\"timestamp\" is %" PRId64
			      "; it must be milliseconds since 1970, from 2009 to 9998.",
			      c->timestamp_ms);
	if (!interval_on_grid(c->interval, c->timestamp_ms))
		return refuse("\"timestamp\" is %" PRId64
			      ", which is not the start of an interval of %s.",
			      c->timestamp_ms, c->interval->name);
	if (c->revision < 0)
		return refuse("\"revision\" is %" PRId64 "; it must not be negative.", c->revision);
	return 0;
}

static int check_promise(const struct message *m, struct err *err)
{
	const struct candle *c = &m->candle;
	int64_t from = m->covers_from_ms, to = m->covers_to_ms;
	const char *wrong = NULL;

	if (from == to && from == c->timestamp_ms)
		return 0;
	if (from == to)
		wrong = "is empty, and an empty one stands at the timestamp";
	else if (!time_is_possible(from) || !time_is_possible(to))
		wrong = "must be in milliseconds since 1970, from 2009 to 9998";
	else if (from > c->timestamp_ms || to < interval_end(c->interval, c->timestamp_ms))
		wrong = "does not cover the candle's own interval";
	else if (!interval_on_grid(c->interval, from) || !interval_on_grid(c->interval, to))
		wrong = "does not begin and end on the grid of the interval";
	else if (to > m->fetched_at_ms)
		wrong = "ends after fetched_at, in a time that nobody had seen";
	return !wrong ? 0
		      : refuse("The promise [%" PRId64 ", %" PRId64 ") of the candle at %" PRId64
			       " %s.",
			       from, to, c->timestamp_ms, wrong);
}

int message_validate_frame(const struct message *m, struct err *err)
{
	return check_names(&m->candle, err) || check_times(&m->candle, err) ||
			       check_origin(m, err) || check_promise(m, err)
		       ? -1
		       : 0;
}

int candle_validate(const struct candle *c, struct err *err)
{
	return check_names(c, err) || check_times(c, err) || check_values(c, err) ? -1 : 0;
}

int message_validate(const struct message *m, struct err *err)
{
	return message_validate_frame(m, err) || check_values(&m->candle, err) ? -1 : 0;
}

int candle_is_inconsistent(const struct candle *c)
{
	return decimal_compare(c->high, c->low) < 0 || decimal_compare(c->high, c->open) < 0 ||
	       decimal_compare(c->high, c->close) < 0 || decimal_compare(c->low, c->open) > 0 ||
	       decimal_compare(c->low, c->close) > 0;
}

int candle_same_series(const struct candle *a, const struct candle *b)
{
	return a->interval == b->interval && strcmp(a->symbol, b->symbol) == 0;
}

int candle_same_values(const struct candle *a, const struct candle *b)
{
	return !decimal_compare(a->open, b->open) && !decimal_compare(a->high, b->high) &&
	       !decimal_compare(a->low, b->low) && !decimal_compare(a->close, b->close) &&
	       !decimal_compare(a->volume, b->volume) &&
	       !decimal_compare(a->quote_volume, b->quote_volume);
}

static int compare_int64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int message_compare(const struct message *a, const struct message *b)
{
	int order = compare_int64(a->candle.revision, b->candle.revision);

	if (!order)
		order = compare_int64(a->fetched_at_ms, b->fetched_at_ms);
	if (!order)
		order = decimal_compare(a->candle.volume, b->candle.volume);
	if (!order)
		order = decimal_compare(a->candle.quote_volume, b->candle.quote_volume);
	return order;
}
