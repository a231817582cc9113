/* SPDX-License-Identifier: MIT */
#include "interval.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned seconds, unit;
} table[INTERVALS] = {
	[INTERVAL_1S] = {"1s", 1, 0},       [INTERVAL_1M] = {"1m", 60, 1},
	[INTERVAL_3M] = {"3m", 180, 3},     [INTERVAL_5M] = {"5m", 300, 5},
	[INTERVAL_10M] = {"10m", 600, 10},  [INTERVAL_15M] = {"15m", 900, 15},
	[INTERVAL_30M] = {"30m", 1800, 30}, [INTERVAL_1H] = {"1h", 3600, 60},
	[INTERVAL_4H] = {"4h", 14400, 240}, [INTERVAL_1D] = {"1d", 86400, 0},
	[INTERVAL_1W] = {"1w", 604800, 0},  [INTERVAL_1MONTH] = {"1M", 0, 0},
};

#define MONDAY_MS (4 * DAY_MS) /* 1970-01-05 */

const char *interval_name(enum interval iv)
{
	return table[iv].name;
}

bool interval_parse(const char *name, enum interval *iv)
{
	for (unsigned i = 0; i < INTERVALS; i++) {
		if (strcmp(table[i].name, name) == 0) {
			*iv = (enum interval)i;
			return true;
		}
	}
	return false;
}

bool interval_of_unit(unsigned unit, enum interval *iv)
{
	for (unsigned i = 0; i < INTERVALS; i++) {
		if (unit != 0 && table[i].unit == unit) {
			*iv = (enum interval)i;
			return true;
		}
	}
	return false;
}

unsigned interval_unit(enum interval iv)
{
	return table[iv].unit;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a date, and back (the civil calendar in eras of 400 years). */
static int64_t days_of(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = floor_div(y, 400), yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_of(int64_t days, int64_t *y, int *m, int *d)
{
	days += 719468;
	int64_t era = floor_div(days, 146097), doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = yoe + era * 400 + (*m <= 2);
}

static int month_length(int64_t y, int m)
{
	int64_t next = m == 12 ? days_of(y + 1, 1, 1) : days_of(y, m + 1, 1);

	return (int)(next - days_of(y, m, 1));
}

/* First day of the month `by` months after the one that contains ms. */
static int64_t month_start(int64_t ms, int by)
{
	int64_t y;
	int m, d;

	date_of(floor_div(ms, DAY_MS), &y, &m, &d);
	int64_t count = y * 12 + (m - 1) + by;

	return days_of(floor_div(count, 12), (int)(count - floor_div(count, 12) * 12) + 1, 1) *
	       DAY_MS;
}

int64_t interval_floor(enum interval iv, int64_t ms)
{
	int64_t len = table[iv].seconds * 1000LL;

	if (iv == INTERVAL_1MONTH)
		return month_start(ms, 0);
	if (iv == INTERVAL_1W)
		return MONDAY_MS + floor_div(ms - MONDAY_MS, len) * len;
	return floor_div(ms, len) * len;
}

int64_t interval_next(enum interval iv, int64_t start)
{
	return iv == INTERVAL_1MONTH ? month_start(start, 1) : start + table[iv].seconds * 1000LL;
}

int64_t interval_prev(enum interval iv, int64_t start)
{
	return iv == INTERVAL_1MONTH ? month_start(start, -1) : start - table[iv].seconds * 1000LL;
}

int64_t utc_months_before(int64_t ms, int months)
{
	int64_t day = floor_div(ms, DAY_MS), first = month_start(ms, -months), y;
	int m, d, m2, d2;

	date_of(day, &y, &m, &d);
	date_of(first / DAY_MS, &y, &m2, &d2);
	if (d > month_length(y, m2))
		d = month_length(y, m2);
	return first + (d - 1) * DAY_MS + (ms - day * DAY_MS);
}

/* snprintf costs half of a page's rendering: two digits at a time, by hand. */
static char *put2(char *to, int n)
{
	*to++ = (char)('0' + n / 10 % 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

void utc_format(char out[UTC_TEXT], int64_t ms, char between, bool millis)
{
	int64_t day = floor_div(ms, DAY_MS), y;
	int rest = (int)(ms - day * DAY_MS), m, d;
	char *to = out;

	date_of(day, &y, &m, &d);
	to = put2(to, (int)(y / 100));
	to = put2(to, (int)(y % 100));
	*to++ = '-';
	to = put2(to, m);
	*to++ = '-';
	to = put2(to, d);
	*to++ = between;
	to = put2(to, rest / 3600000);
	*to++ = ':';
	to = put2(to, rest / 60000 % 60);
	*to++ = ':';
	to = put2(to, rest / 1000 % 60);
	if (millis) {
		*to++ = '.';
		*to++ = (char)('0' + rest % 1000 / 100);
		to = put2(to, rest % 100);
	}
	*to = '\0';
}

void utc_format_http(char out[UTC_TEXT], int64_t ms)
{
	static const char *const weekdays = "ThuFriSatSunMonTueWed";
	static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day = floor_div(ms, DAY_MS);
	char text[UTC_TEXT], *to = out;
	int month;

	utc_format(text, ms, ' ', false); /* 2025-06-24 04:56:53 */
	month = (text[5] - '0') * 10 + (text[6] - '0');
	to = mempcpy(to, weekdays + 3 * (day - floor_div(day, 7) * 7), 3);
	to = mempcpy(to, ", ", 2);
	to = mempcpy(to, text + 8, 2);
	*to++ = ' ';
	to = mempcpy(to, months + 3 * (month - 1), 3);
	*to++ = ' ';
	to = mempcpy(to, text, 4);
	to = mempcpy(to, text + 10, 9);
	memcpy(to, " GMT", 5);
}

/* n digits at *s; moves *s behind them. */
static bool take_number(const char **s, int n, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* Date and time of day, up to the seconds. */
static bool take_time(const char **s, int64_t *ms, char *between)
{
	int y, m, d, hour, minute, second;

	if (!take_number(s, 4, &y) || !take_char(s, '-') || !take_number(s, 2, &m) ||
	    !take_char(s, '-') || !take_number(s, 2, &d))
		return false;
	*between = **s;
	if (*between != 'T' && *between != ' ')
		return false;
	(*s)++;
	if (!take_number(s, 2, &hour) || !take_char(s, ':') || !take_number(s, 2, &minute) ||
	    !take_char(s, ':') || !take_number(s, 2, &second))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_length(y, m) || hour > 23 ||
	    minute > 59 || second > 59)
		return false;
	*ms = days_of(y, m, d) * DAY_MS + ((hour * 60LL + minute) * 60 + second) * 1000;
	return true;
}

static bool take_zone(const char *s, int64_t *ms)
{
	int sign = *s == '-' ? -1 : 1, hours, minutes;

	if (strcmp(s, "") == 0 || strcmp(s, "Z") == 0)
		return true;
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!take_number(&s, 2, &hours) || !take_char(&s, ':') || !take_number(&s, 2, &minutes) ||
	    *s != '\0' || hours > 18 || minutes > 59)
		return false;
	*ms -= sign * (hours * 60LL + minutes) * MINUTE_MS;
	return true;
}

bool utc_parse(const char *text, int64_t *ms)
{
	char between;

	if (!take_time(&text, ms, &between))
		return false;
	return between == 'T' ? take_zone(text, ms) : *text == '\0';
}

bool utc_parse_loose(const char *text, int64_t *ms)
{
	char between;
	size_t n = strlen(text);
	int64_t scale = 100;

	if (n > 0 && n <= 15 && strspn(text, "0123456789") == n) {
		*ms = strtoll(text, NULL, 10) * (n <= 10 ? 1000 : 1);
		return true;
	}
	if (!take_time(&text, ms, &between))
		return false;
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9' && scale > 0; text++, scale /= 10)
			*ms += (*text - '0') * scale;
	}
	return take_zone(text, ms);
}
