/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "common/text/jsonnum.h"
#include "common/text/timetext.h"
#include "producer/exchange/remote.h"
#include "producer/exchange/upbit_answer.h"
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
	.head_read = upbit_head_read,
	.judge = upbit_judge,
	.page_parse = upbit_page_parse,
	.markets_parse = markets_parse,
};
