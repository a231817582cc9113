/* SPDX-License-Identifier: MIT */
#include "common/text/timetext.h"

#include <stdio.h>
#include <string.h>

/* Days of the 400 years after which the Gregorian calendar repeats, and days from 0000-03-01 to
 * 1970-01-01. Years that begin in March put the leap day last, so that the month lengths before it
 * are always the same (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
#define DAYS_OF_ERA INT64_C(146097)
#define EPOCH_DAY   INT64_C(719468)
#define DAY_MS      INT64_C(86400000)

/* 0001-01-01 and 10000-01-01. */
#define YEAR_1_MS     (INT64_C(-719162) * DAY_MS)
#define YEAR_10000_MS (INT64_C(2932897) * DAY_MS)

int64_t civil_to_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * DAYS_OF_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - EPOCH_DAY;
}

void civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + EPOCH_DAY, era = floor_div(z, DAYS_OF_ERA),
		day_of_era = z - era * DAYS_OF_ERA;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
	*month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

struct civil {
	int year, month, day, hour, minute, second;
};

/* `most_seconds` is 60 where a leap second may come; it counts as the first second after it. */
static int to_ms(const struct civil *c, int most_seconds, int64_t *ms)
{
	if (c->year < 1 || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > days_in_month(c->year, c->month) || c->hour > 23 || c->minute > 59 ||
	    c->second > most_seconds)
		return -1;
	*ms = civil_to_days(c->year, c->month, c->day) * DAY_MS +
	      ((c->hour * INT64_C(60) + c->minute) * 60 + c->second) * 1000;
	return 0;
}

/* A reader of text that has gone wrong stays wrong: one check at the end is enough. */
struct reader {
	const char *at, *end;
	int bad;
};

static int number(struct reader *r, int digits)
{
	int value = 0;

	for (; digits > 0 && !r->bad; digits--) {
		if (r->at == r->end || *r->at < '0' || *r->at > '9')
			r->bad = 1;
		else
			value = value * 10 + (*r->at++ - '0');
	}
	return value;
}

static int next_is(const struct reader *r, char c)
{
	return !r->bad && r->at < r->end && *r->at == c;
}

static void literal(struct reader *r, const char *text)
{
	for (; *text && !r->bad; text++) {
		if (next_is(r, *text))
			r->at++;
		else
			r->bad = 1;
	}
}

/* Three numbers, all of two digits but perhaps the first. */
static void three(struct reader *r, int digits, const char *between, int *a, int *b, int *c)
{
	*a = number(r, digits);
	literal(r, between);
	*b = number(r, 2);
	literal(r, between);
	*c = number(r, 2);
}

static void date(struct reader *r, struct civil *c)
{
	three(r, 4, "-", &c->year, &c->month, &c->day);
}

static void clock_time(struct reader *r, struct civil *c)
{
	three(r, 2, ":", &c->hour, &c->minute, &c->second);
}

int time_parse_candle(const char *text, int64_t *ms)
{
	struct reader r = {.at = text, .end = text + strlen(text)};
	struct civil c = {0};

	date(&r, &c);
	literal(&r, "T");
	clock_time(&r, &c);
	return r.bad || r.at != r.end ? -1 : to_ms(&c, 59, ms);
}

/* ".5", ".25", ".125": one to three digits. */
static int fraction_ms(struct reader *r)
{
	int value = 0, unit = 100;

	if (!next_is(r, '.'))
		return 0;
	r->at++;
	do {
		value += number(r, 1) * unit;
		unit /= 10;
	} while (unit && !r->bad && r->at < r->end && *r->at >= '0' && *r->at <= '9');
	return value;
}

/* "Z", "+09:00" or nothing; the zones of this world lie between -12:00 and +14:00. */
static int64_t zone_ms(struct reader *r)
{
	int negative = next_is(r, '-'), minutes;

	if (next_is(r, 'Z')) {
		r->at++;
		return 0;
	}
	if (!negative && !next_is(r, '+'))
		return 0;
	r->at++;
	minutes = number(r, 2) * 60;
	literal(r, ":");
	minutes += number(r, 2);
	if (minutes > 14 * 60 || r->at[-2] > '5')
		r->bad = 1;
	return INT64_C(60000) * (negative ? -minutes : minutes);
}

int time_parse_user(const char *text, int64_t *ms)
{
	struct reader r = {.at = text, .end = text + strlen(text)};
	struct civil c = {0};
	int64_t at_ms, part = 0, zone = 0;

	date(&r, &c);
	if (next_is(&r, 'T') || next_is(&r, ' ')) {
		r.at++;
		c.hour = number(&r, 2);
		literal(&r, ":");
		c.minute = number(&r, 2);
		if (next_is(&r, ':')) {
			r.at++;
			c.second = number(&r, 2);
			part = fraction_ms(&r);
		}
		zone = zone_ms(&r);
	}
	if (r.bad || r.at != r.end || to_ms(&c, 59, &at_ms))
		return -1;
	at_ms += part - zone;
	if (at_ms < YEAR_1_MS ||
	    at_ms >= YEAR_10000_MS) /* a zone may lead out of the years that we know */
		return -1;
	*ms = at_ms;
	return 0;
}

/* Index of the name of three letters that comes next in `names`. */
static int name_of_three(struct reader *r, const char *names)
{
	for (int i = 0; !r->bad && r->end - r->at >= 3 && names[3 * (size_t)i]; i++) {
		if (!memcmp(r->at, names + 3 * (size_t)i, 3)) {
			r->at += 3;
			return i;
		}
	}
	r->bad = 1;
	return 0;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int time_parse_http(const char *text, size_t len, int64_t *ms)
{
	struct reader r = {.at = text, .end = text + len};
	struct civil c = {0};
	int weekday;

	while (r.at < r.end && (*r.at == ' ' || *r.at == '\t'))
		r.at++;
	while (r.end > r.at && is_blank(r.end[-1]))
		r.end--;
	weekday = name_of_three(&r, "ThuFriSatSunMonTueWed"); /* 1970-01-01 was a Thursday */
	literal(&r, ", ");
	c.day = number(&r, 2);
	literal(&r, " ");
	c.month = name_of_three(&r, "JanFebMarAprMayJunJulAugSepOctNovDec") + 1;
	literal(&r, " ");
	c.year = number(&r, 4);
	literal(&r, " ");
	clock_time(&r, &c);
	literal(&r, " GMT");
	if (r.bad || r.at != r.end || to_ms(&c, 60, ms))
		return -1;
	return (civil_to_days(c.year, c.month, c.day) - weekday) % 7 ? -1 : 0;
}

static char *format(int64_t ms, int with_ms, char out[TIMETEXT_BYTES])
{
	int64_t days = floor_div(ms, DAY_MS);
	int rest = (int)((ms % DAY_MS + DAY_MS) % DAY_MS), year, month, day, n;

	civil_from_days(days, &year, &month, &day);
	n = snprintf(out, TIMETEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
		     rest / 3600000, rest / 60000 % 60, rest / 1000 % 60);
	if (n < 0 || n > TIMETEXT_BYTES - 6)
		n = TIMETEXT_BYTES - 6;
	if (with_ms)
		snprintf(out + n, TIMETEXT_BYTES - (size_t)n, ".%03dZ", rest % 1000);
	else
		snprintf(out + n, TIMETEXT_BYTES - (size_t)n, "Z");
	return out;
}

char *time_format(int64_t ms, char out[TIMETEXT_BYTES])
{
	return format(ms, 0, out);
}

char *time_format_ms(int64_t ms, char out[TIMETEXT_BYTES])
{
	return format(ms, 1, out);
}
