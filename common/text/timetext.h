/* SPDX-License-Identifier: MIT */
/* Times as text, UTC only; no time zone of the machine is ever consulted. Milliseconds since 1970,
 * proleptic Gregorian. */
#ifndef GAPLESS_TIMETEXT_H
#define GAPLESS_TIMETEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TIMETEXT_BYTES = 32 };

/* Rounded down; b > 0. */
static inline int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a civil date, and back. Years 1 to 9999. */
int64_t civil_to_days(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);

/* "2020-02-20T11:19:00" as the exchange writes it (no zone means UTC). Exactly that form; returns 0
 * or -1. */
int time_parse_candle(const char *text, int64_t *ms) __attribute__((warn_unused_result));
/* What a person may type: "2020-02-20", "2020-02-20T11:19", "...:00", with an optional fraction of
 * ms, optional Z or +09:00, a space in place of T. No zone means UTC. Returns 0 or -1. */
int time_parse_user(const char *text, int64_t *ms) __attribute__((warn_unused_result));
/* An HTTP Date (RFC 9110 5.6.7, IMF-fixdate): "Thu, 20 Feb 2020 11:19:00 GMT". Blanks around it are
 * allowed, a weekday that is not the date's is not; a leap second counts as the next one. Returns 0
 * or -1. */
int time_parse_http(const char *text, size_t len, int64_t *ms) __attribute__((warn_unused_result));
/* "2020-02-20T11:19:00Z" (seconds; a part of a second is cut) and "2020-02-20T11:19:00.123Z".
 * Returns out. */
char *time_format(int64_t ms, char out[TIMETEXT_BYTES]);
char *time_format_ms(int64_t ms, char out[TIMETEXT_BYTES]);

#endif
