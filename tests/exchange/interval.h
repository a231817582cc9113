/* SPDX-License-Identifier: MIT */
/* The intervals of candles and the calendar, all in UTC, all in epoch milliseconds. Weeks begin on
 * Mondays, months on their first day. */
#ifndef EXCHANGE_INTERVAL_H
#define EXCHANGE_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum interval {
	INTERVAL_1S,
	INTERVAL_1M,
	INTERVAL_3M,
	INTERVAL_5M,
	INTERVAL_10M,
	INTERVAL_15M,
	INTERVAL_30M,
	INTERVAL_1H,
	INTERVAL_4H,
	INTERVAL_1D,
	INTERVAL_1W,
	INTERVAL_1MONTH,
	INTERVALS
};

#define SECOND_MS 1000
#define MINUTE_MS 60000
#define DAY_MS    86400000LL
#define UTC_TEXT  32 /* room for any text of a time */

const char *interval_name(enum interval iv);
/* By name (1s 1m ... 1d 1w 1M). False where there is none. */
bool interval_parse(const char *name, enum interval *iv);
/* By the unit of /v1/candles/minutes/{unit}. */
bool interval_of_unit(unsigned unit, enum interval *iv);
/* That unit; 0 if the interval is not one of minutes. */
unsigned interval_unit(enum interval iv);

int64_t interval_floor(enum interval iv, int64_t ms);
/* The grid point after, and before, the grid point start. */
int64_t interval_next(enum interval iv, int64_t start);
int64_t interval_prev(enum interval iv, int64_t start);
/* The same day and time of day `months` earlier (the month's last day where that day does not
 * exist). */
int64_t utc_months_before(int64_t ms, int months);

/* 2025-06-24T04:56:53, 2025-06-24 04:56:53, and .mmm after it where `millis`. */
void utc_format(char out[UTC_TEXT], int64_t ms, char between, bool millis);
/* Mon, 24 Jun 2025 04:56:53 GMT: the Date header (RFC 9110, 5.6.7). */
void utc_format_http(char out[UTC_TEXT], int64_t ms);
/* The forms that Upbit takes as `to`: ...THH:MM:SS with nothing, Z or +HH:MM after it, or a space
 * for the T and nothing after it. No zone means UTC. */
bool utc_parse(const char *text, int64_t *ms);
/* Those, with a fraction of the second if need be; or digits alone: epoch seconds (up to ten of
 * them) or milliseconds. */
bool utc_parse_loose(const char *text, int64_t *ms);

#endif
