/* SPDX-License-Identifier: MIT */
#include "common/candle/interval.h"

#include <string.h>

#include "common/text/timetext.h"
#include "common/text/utf8.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* 1970-01-05 was a Monday. */
#define FIRST_MONDAY (4 * DAY)

static const struct interval table[] = {
	{"1s", SECOND, 0, 0},
	{"1m", MINUTE, 0, 0},
	{"3m", 3 * MINUTE, 0, 0},
	{"5m", 5 * MINUTE, 0, 0},
	{"10m", 10 * MINUTE, 0, 0},
	{"15m", 15 * MINUTE, 0, 0},
	{"30m", 30 * MINUTE, 0, 0},
	{"1h", HOUR, 0, 0},
	{"4h", 4 * HOUR, 0, 0},
	{"1d", DAY, 0, 0},
	{"1w", 7 * DAY, FIRST_MONDAY, 0},
	{"1M", 31 * DAY, 0, 1},
};

const struct interval *interval_table(size_t *n)
{
	*n = sizeof table / sizeof *table;
	return table;
}

const struct interval *interval_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

const struct interval *interval_of_setting(const char *setting, const char *name, struct err *err)
{
	const struct interval *interval = interval_by_name(name);
	char shown[PRINTABLE_BYTES];

	if (!interval)
		err_set(err, ERR_FATAL, "%s: '%s' is not one of " INTERVAL_NAMES, setting,
			printable(name, shown));
	return interval;
}

/* Months since the year 0. */
static int64_t month_of(int64_t ms)
{
	int year, month, day;

	civil_from_days(floor_div(ms, DAY), &year, &month, &day);
	return (int64_t)year * 12 + month - 1;
}

static int64_t month_start(int64_t months)
{
	int64_t year = floor_div(months, 12);

	return civil_to_days((int)year, (int)(months - year * 12) + 1, 1) * DAY;
}

/* Number of the interval that contains ms; only differences of them mean anything. */
static int64_t ordinal(const struct interval *iv, int64_t ms)
{
	return iv->calendar_month ? month_of(ms) : floor_div(ms - iv->anchor_ms, iv->nominal_ms);
}

static int64_t start_of(const struct interval *iv, int64_t n)
{
	return iv->calendar_month ? month_start(n) : n * iv->nominal_ms + iv->anchor_ms;
}

int64_t interval_floor(const struct interval *iv, int64_t ms)
{
	return start_of(iv, ordinal(iv, ms));
}

int64_t interval_ceil(const struct interval *iv, int64_t ms)
{
	int64_t n = ordinal(iv, ms);

	return start_of(iv, start_of(iv, n) == ms ? n : n + 1);
}

int interval_on_grid(const struct interval *iv, int64_t ms)
{
	return interval_floor(iv, ms) == ms;
}

int64_t interval_add(const struct interval *iv, int64_t ts, int64_t n)
{
	return start_of(iv, ordinal(iv, ts) + n);
}

int64_t interval_end(const struct interval *iv, int64_t ts)
{
	return interval_add(iv, ts, 1);
}

int64_t interval_count(const struct interval *iv, int64_t from, int64_t to)
{
	if (to <= from)
		return 0;
	return ordinal(iv, interval_ceil(iv, to)) - ordinal(iv, interval_ceil(iv, from));
}
