/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text/decimal.h"
#include "common/text/jsonnum.h"
#include "common/text/timetext.h"
#include "producer/exchange/remote.h"
#include "producer/exchange/upbit_page.h"

/* ---------------------------------------------------------------- addresses */

static const struct route {
	const char *interval, *path;
} routes[] = {
	{"1s", "seconds"},     {"1m", "minutes/1"},   {"3m", "minutes/3"},   {"5m", "minutes/5"},
	{"10m", "minutes/10"}, {"15m", "minutes/15"}, {"30m", "minutes/30"}, {"1h", "minutes/60"},
	{"4h", "minutes/240"}, {"1d", "days"},        {"1w", "weeks"},       {"1M", "months"},
};

static const char *route_path(const struct interval *iv)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].interval, iv->name) == 0)
			return routes[i].path;
	return NULL;
}

/* Length of the base URL without slashes at its end. */
static int base_len(const char *base)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	return n < EXCHANGE_URL_BYTES ? (int)n : EXCHANGE_URL_BYTES;
}

static int url_fits(int n, size_t cap, struct err *err)
{
	if (n < 0 || (size_t)n >= cap)
		return err_set(
			err, ERR_FATAL,
			"The exchange's URL is too long; the base URL should be like https://api.upbit.com.");
	return 0;
}

/* `to` is sent as UTC text, encoded; the exchange reads seconds, so to_ms is cut to them. */
static int candles_url(const char *base, const char *symbol, const struct interval *iv,
		       int64_t to_ms, int count, char *out, size_t cap, struct err *err)
{
	const char *path = route_path(iv);
	char at[TIMETEXT_BYTES], to[64] = "";
	int n;

	if (!path || !symbol_is_valid(symbol) || count < 1 || count > UPBIT_PAGE_ROWS)
		return err_set(err, ERR_FATAL,
			       "Upbit has no page of %d candles of interval %s of this market.",
			       count, iv->name);
	if (to_ms != PAGE_NO_TO) {
		/* "2020-02-20T11:19:00Z" */
		time_format(to_ms, at);
		if (strlen(at) != 20 || at[13] != ':' || at[16] != ':')
			return err_set(
				err, ERR_FATAL,
				"A page was asked for before a time that is not in the years 1 to 9999.");
		snprintf(to, sizeof(to), "&to=%.13s%%3A%.2s%%3A%s", at, at + 14, at + 17);
	}
	n = snprintf(out, cap, "%.*s/v1/candles/%s?market=%s&count=%d%s", base_len(base), base,
		     path, symbol, count, to);
	return url_fits(n, cap, err);
}

static int markets_url(const char *base, char *out, size_t cap, struct err *err)
{
	return url_fits(snprintf(out, cap, "%.*s/v1/market/all", base_len(base), base), cap, err);
}

/* Seconds: 3 months, taken as 90 days less an hour, so that a page at the edge is never asked for
 * in vain. */
static int64_t retention_ms(const struct interval *iv)
{
	const int64_t hour_ms = 3600000;

	return iv->nominal_ms < 60000 ? (90 * 24 - 1) * hour_ms : 0;
}

/* ---------------------------------------------------------------- heads */

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

/* A number of one to four digits; -1 if it is anything else. */
static int small_number(struct part p)
{
	int n = 0;

	if (p.len < 1 || p.len > 4)
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
			sec = small_number(value);
	}
	return candles ? sec : -1;
}

/* Names in any case; lines of no interest and broken ones change nothing. Remaining-Req counts for
 * the group of candles only ("candles" on the wire, "candle" in the docs). */
static void head_read(struct exchange_head *head, const char *lines, size_t len)
{
	struct part rest = {lines, len}, name, value;

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
		}
	}
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
	const int64_t week_ms = INT64_C(7) * 24 * 3600 * 1000;

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

/* 429 is a limit, 418 a ban, 404 with the exchange's error object an unknown market; 401, 403, 407,
 * 408, 451, a 404 of somebody else, 5xx, 3xx, HTML or nothing with 200, and anything else an
 * outage; other 4xx concern the span. The length of a ban is the first number of the body's message
 * that stands before a unit of time ("... for 10 seconds", "...10초"), at most a week. The sentence
 * has the status and the exchange's message (escaped, cut). */
static enum failure answer_judge(int status, const char *body, size_t len, int64_t *block_ms,
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

/* ---------------------------------------------------------------- the list of markets */

/* The name that an entry has; NULL: it is none. */
static const char *entry_name(const struct cJSON *item, size_t entry, struct err *err)
{
	const char *name = NULL;

	if (cJSON_IsObject(item))
		name = json_string_text(cJSON_GetObjectItemCaseSensitive(item, "market"));
	if (name)
		return name;
	if (cJSON_IsRaw(item))
		err_set(err, ERR_INPUT, "Entry %zu of the list of markets cannot be read: %s",
			entry, item->valuestring);
	else
		err_set(err, ERR_INPUT,
			"Entry %zu of the list of markets is not an object with a \"market\".",
			entry);
	return NULL;
}

static int markets_read(const struct cJSON *json, struct markets *out, struct err *err)
{
	const struct cJSON *item;
	struct err cause = {0};
	size_t entry = 0;

	markets_init(out, (size_t)cJSON_GetArraySize(json));
	cJSON_ArrayForEach(item, json)
	{
		const char *name = entry_name(item, ++entry, &cause);

		if (name)
			markets_add(out, name);
		else if (out->n_bad++ == 0)
			out->bad = cause;
	}
	if (out->n_bad * 2 > entry) {
		*err = out->bad;
		return -1;
	}
	if (out->n == 0)
		return err_set(err, ERR_INPUT, "The exchange's list of markets is empty.");
	markets_sort(out);
	return 0;
}

static int markets_parse(const char *body, size_t len, struct markets *out, struct err *err)
{
	struct cJSON *json = remote_array(body, len, "a list of markets", err);
	int result = -1;

	*out = (struct markets){0};
	if (json)
		result = markets_read(json, out, err);
	cJSON_Delete(json);
	if (result < 0)
		markets_release(out);
	return result;
}

const struct exchange exchange_upbit = {
	.name = "upbit",
	.page_rows = UPBIT_PAGE_ROWS,
	.retention_ms = retention_ms,
	.candles_url = candles_url,
	.markets_url = markets_url,
	.head_read = head_read,
	.judge = answer_judge,
	.page_parse = upbit_page_parse,
	.markets_parse = markets_parse,
};
