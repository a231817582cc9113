/* SPDX-License-Identifier: MIT */
/* A client of the sandbox exchange that shares no code with ours (libcurl, cJSON), and an exchange
 * of its own, whose clock stands still: two answers differ only where one of them lies. Include
 * after cmocka.h. */
#ifndef GAPLESS_TEST_SANDBOX_CLIENT_H
#define GAPLESS_TEST_SANDBOX_CLIENT_H

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "exchange_process.h"

#define BTC "/v1/candles/minutes/1?market=KRW-BTC&count=10"
#define ALL "/v1/market/all"
#define TEN "03:10 03:09 03:08 03:07 03:06 03:05 03:04 03:03 03:02 03:01"

static struct exchange_process exchange;
static CURL *curl; /* one client, which keeps its connection */

struct got {
	CURLcode code;
	long status, connects;
	char body[1 << 17];
	size_t len;
	char date[64], remaining[64], retry_after[64], type[64];
};

static struct got got;

static inline size_t take_body(char *data, size_t size, size_t n, void *cls)
{
	(void)cls;
	assert_true(got.len + n * size < sizeof(got.body));
	memcpy(got.body + got.len, data, n * size);
	got.len += n * size;
	got.body[got.len] = 0;
	return n * size;
}

static inline void take_value(const char *line, size_t n, const char *name, char out[64])
{
	size_t at = strlen(name);

	if (n > at + 2 && strncasecmp(line, name, at) == 0 && line[at] == ':')
		snprintf(out, 64, "%.*s", (int)(n - at - 4), line + at + 2);
}

static inline size_t take_header(char *line, size_t size, size_t n, void *cls)
{
	(void)cls;
	take_value(line, n * size, "Date", got.date);
	take_value(line, n * size, "Remaining-Req", got.remaining);
	take_value(line, n * size, "Retry-After", got.retry_after);
	take_value(line, n * size, "Content-Type", got.type);
	return n * size;
}

static inline void get(const char *path)
{
	char url[512];

	memset(&got, 0, sizeof(got));
	snprintf(url, sizeof(url), "%s%s", exchange.base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
	got.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &got.connects);
}

/* Tells the exchange something; the answer is in got. */
static inline void tell(const char *what)
{
	char path[400];

	snprintf(path, sizeof(path), "/control/%s", what);
	get(path);
	if (got.status != 200)
		fail_msg("%s: %ld %s", path, got.status, got.body);
}

/* Each test begins at the same moment, with an exchange that tells the truth. */
static inline int begin(void **state)
{
	(void)state;
	if (!exchange.pid)
		return 0;
	tell("faults/clear");
	tell("limit?limit=1000&delay=0&unblock&blocks_all=0&blocks_renew=0");
	tell("clock?freeze&set=2026-01-02T03:10:30Z");
	return 0;
}

static inline void need_exchange(void)
{
	if (!exchange.pid)
		skip();
}

static inline const char *text_of(const cJSON *row, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, name);

	return cJSON_IsString(value) ? value->valuestring : "";
}

/* "03:09 03:08 ..." as the page has them. */
static inline const char *starts(const char *path)
{
	static char out[4096];
	cJSON *page, *row;
	size_t n = 0;

	get(path);
	page = cJSON_Parse(got.body);
	out[0] = 0;
	if (!cJSON_IsArray(page))
		fail_msg("%s: %ld %s", path, got.status, got.body);
	cJSON_ArrayForEach(row, page)
	{
		const char *at = text_of(row, "candle_date_time_utc");

		assert_true(n + 8 < sizeof(out));
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.5s", n ? " " : "",
				      strlen(at) > 11 ? at + 11 : "?");
	}
	cJSON_Delete(page);
	return out;
}

/* The token of a field in the row that starts there ("03:05"); "": there is none. */
static inline const char *token(const char *start, const char *key)
{
	static char out[128];
	char find[64];
	const char *row, *end, *at;

	out[0] = 0;
	snprintf(find, sizeof(find), "T%s:00\"", start);
	row = strstr(got.body, find);
	if (!row)
		return out;
	end = row + strcspn(row, "}");
	snprintf(find, sizeof(find), "\"%s\":", key);
	at = strstr(row, find);
	if (at && at < end)
		snprintf(out, sizeof(out), "%.*s", (int)strcspn(at + strlen(find), ",}"),
			 at + strlen(find));
	return out;
}

static inline int set_up(void **state)
{
	char *argv[] = {"gapless-exchange",
			"--port",
			"0",
			"--markets",
			"5",
			"--seed",
			"11",
			"--start",
			"2026-01-02T03:10:30Z",
			"--frozen",
			NULL};

	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	exchange_start(&exchange, argv);
	return curl ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	exchange_stop(&exchange);
	return 0;
}

#endif
