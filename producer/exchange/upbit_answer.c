/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit_answer.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/least.h"
#include "common/text/decimal.h"
#include "common/text/timetext.h"
#include "producer/exchange/remote.h"

/* ---------------------------------------------------------------- heads */

static const int64_t week_ms = INT64_C(7) * 24 * 3600 * 1000;

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A part of a head. */
struct part {
	const char *at;
	size_t len;
};

static struct part trim(struct part p)
{
	while (p.len > 0 && is_blank(p.at[p.len - 1]))
		p.len--;
	while (p.len > 0 && is_blank(*p.at)) {
		p.at++;
		p.len--;
	}
	return p;
}

/* Takes what stands before the mark, and the mark, from the beginning of *rest. 0: it has no such
 * mark, and was taken as a whole. */
static int take(struct part *rest, char mark, struct part *out)
{
	const char *end = rest->len > 0 ? memchr(rest->at, mark, rest->len) : NULL;

	*out = (struct part){rest->at, end ? (size_t)(end - rest->at) : rest->len};
	rest->at += out->len + (end != NULL);
	rest->len -= out->len + (end != NULL);
	return end != NULL;
}

static int is_text(struct part p, const char *wanted)
{
	return p.len == strlen(wanted) && strncasecmp(p.at, wanted, p.len) == 0;
}

/* A number of so many digits at most; -1 if it is anything else. */
static int small_number(struct part p, size_t digits)
{
	int n = 0;

	if (p.len < 1 || p.len > digits)
		return -1;
	for (size_t i = 0; i < p.len; i++) {
		if (!is_digit(p.at[i]))
			return -1;
		n = 10 * n + (p.at[i] - '0');
	}
	return n;
}

/* "group=candles; min=600; sec=9", the parts in any order. */
static int remaining_parse(struct part text)
{
	int sec = -1, candles = 0;
	struct part name, value;

	while (text.len > 0) {
		(void)take(&text, ';', &value);
		if (!take(&value, '=', &name))
			continue;
		name = trim(name);
		value = trim(value);
		if (is_text(name, "group"))
			candles = is_text(value, "candles") || is_text(value, "candle");
		else if (is_text(name, "sec"))
			sec = small_number(value, 4);
	}
	return candles ? sec : -1;
}

/* Retry-After is a number of seconds or a time, by the Date beside it. Nonsense is not said. */
static int64_t wait_parse(struct part value, int64_t date_ms)
{
	int seconds = small_number(value, 6);
	int64_t at_ms;

	if (seconds >= 0)
		return least((int64_t)seconds * 1000, week_ms);
	if (value.len == 0 || date_ms == 0 || time_parse_http(value.at, value.len, &at_ms) < 0 ||
	    at_ms <= date_ms || at_ms - date_ms > week_ms)
		return 0;
	return at_ms - date_ms;
}

void upbit_head_read(struct exchange_head *head, const char *lines, size_t len)
{
	struct part rest = {lines, len}, name, value, wait = {NULL, 0};

	*head = (struct exchange_head){.date_ms = 0, .remaining = -1};
	while (rest.len > 0) {
		(void)take(&rest, '\n', &value);
		if (!take(&value, ':', &name))
			continue;
		value = trim(value);
		if (is_text(name, "Date")) {
			if (time_parse_http(value.at, value.len, &head->date_ms) < 0 ||
			    head->date_ms < 0)
				head->date_ms = 0;
		} else if (is_text(name, "Remaining-Req")) {
			head->remaining = remaining_parse(value);
		} else if (is_text(name, "Retry-After")) {
			wait = value;
		}
	}
	head->wait_ms = wait_parse(wait, head->date_ms);
}

/* ---------------------------------------------------------------- failures */

static const struct unit {
	const char *word;
	int64_t ms;
} units[] = {
	/* Longer words before the shorter ones that they begin with. */
	{"milliseconds", 1}, {"millisecond", 1}, {"ms", 1},         {"seconds", 1000},
	{"second", 1000},    {"secs", 1000},     {"sec", 1000},     {"s", 1000},
	{"초", 1000},        {"minutes", 60000}, {"minute", 60000}, {"mins", 60000},
	{"min", 60000},      {"m", 60000},       {"분", 60000},     {"hours", 3600000},
	{"hour", 3600000},   {"h", 3600000},     {"시간", 3600000},
};

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Milliseconds of the unit that text begins with, 0 if it begins with none. */
static int64_t unit_ms(const char *text)
{
	while (*text == ' ' || *text == '-')
		text++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].word);

		if (strncasecmp(text, units[i].word, n) == 0 &&
		    !(is_letter(units[i].word[0]) && is_letter(text[n])))
			return units[i].ms;
	}
	return 0;
}

static int64_t block_parse(const char *text)
{
	while (*text) {
		int64_t number = 0, unit;
		int part = 0;

		if (!is_digit(*text)) {
			text++;
			continue;
		}
		for (; is_digit(*text); text++)
			number = number > week_ms ? number : 10 * number + (*text - '0');
		if (text[0] == '.' && is_digit(text[1]))
			for (text++; is_digit(*text); text++)
				part |= *text != '0';
		unit = unit_ms(text);
		if (unit && (number || part))
			return number + part > week_ms / unit ? week_ms : (number + part) * unit;
	}
	return 0;
}

static enum failure failure_of(int status, int is_error_object)
{
	switch (status) {
	case 200:
		return FAILURE_NONE;
	case 429:
		return FAILURE_LIMIT;
	case 418:
		return FAILURE_BAN;
	case 404:
		return is_error_object ? FAILURE_SERIES : FAILURE_OUTAGE;
	case 401: /* no key is sent: refused by something in front of the exchange */
	case 403:
	case 407:
	case 408:
	case 451:
		return FAILURE_OUTAGE;
	default:
		return status >= 400 && status < 500 ? FAILURE_SPAN : FAILURE_OUTAGE;
	}
}

static const char *failure_meaning(enum failure failure)
{
	static const char *const meanings[] = {
		[FAILURE_NONE] = "",
		[FAILURE_LIMIT] = "too many requests in this second",
		[FAILURE_BAN] = "this address is blocked for a while after too many requests",
		[FAILURE_SERIES] = "it does not know the market (any more)",
		[FAILURE_SPAN] = "it refuses this request",
		[FAILURE_OUTAGE] = "it cannot answer at the moment",
	};

	return meanings[failure];
}

enum failure upbit_judge(int status, const char *body, size_t len, int64_t *block_ms,
			 struct err *err)
{
	char quoted[REMOTE_TEXT_BYTES], raw[1024];
	enum failure failure;
	struct cJSON *json = NULL;
	const char *message = NULL;

	*block_ms = 0;
	err_clear(err);
	if (status == 200 && !remote_is_foreign(body, len, err))
		return FAILURE_NONE;
	if (status == 200) { /* who waits is another matter than of a page that is wrong */
		err->class = ERR_RETRY;
		return FAILURE_OUTAGE;
	}
	json = remote_json(body, len, NULL);
	message = remote_error(json);
	failure = failure_of(status, message != NULL);
	if (!message) {
		snprintf(raw, sizeof(raw), "%.*s", (int)(len < sizeof(raw) ? len : sizeof(raw) - 1),
			 body ? body : "");
		message = raw;
	}
	if (failure == FAILURE_BAN)
		*block_ms = block_parse(message);
	remote_text(message, strlen(message), quoted);
	err_set(err, failure == FAILURE_SERIES || failure == FAILURE_SPAN ? ERR_INPUT : ERR_RETRY,
		"The exchange answered with status %d: %s%s%s%s.", status, failure_meaning(failure),
		*quoted ? " (\"" : "", quoted, *quoted ? "\")" : "");
	cJSON_Delete(json);
	return failure;
}
