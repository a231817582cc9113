/* SPDX-License-Identifier: MIT */
#include "producer/exchange/upbit_answer.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text/decimal.h"
#include "common/text/timetext.h"
#include "producer/exchange/remote.h"

/* ---------------------------------------------------------------- heads */

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && is_blank((*text)[*len - 1]))
		(*len)--;
	while (*len > 0 && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
}

static int text_is(const char *text, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncasecmp(text, wanted, len) == 0;
}

void upbit_head_init(struct exchange_head *head)
{
	*head = (struct exchange_head){.date_ms = 0, .remaining = -1};
}

/* A number of one to four digits; -1 if it is anything else. */
static int small_number(const char *text, size_t len)
{
	int n = 0;

	if (len < 1 || len > 4)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = 10 * n + (text[i] - '0');
	}
	return n;
}

/* "group=candles; min=600; sec=9", the parts in any order. */
static int remaining_parse(const char *text, size_t len)
{
	int sec = -1, candles = 0;

	while (len > 0) {
		const char *end = memchr(text, ';', len);
		size_t part_len = end ? (size_t)(end - text) : len, name_len, value_len;
		const char *part = text, *equals = memchr(text, '=', part_len), *value;

		text += part_len + (end != NULL);
		len -= part_len + (end != NULL);
		if (!equals)
			continue;
		name_len = (size_t)(equals - part);
		value = equals + 1;
		value_len = part_len - name_len - 1;
		trim(&part, &name_len);
		trim(&value, &value_len);
		if (text_is(part, name_len, "group"))
			candles = text_is(value, value_len, "candles") ||
				  text_is(value, value_len, "candle");
		else if (text_is(part, name_len, "sec"))
			sec = small_number(value, value_len);
	}
	return candles ? sec : -1;
}

void upbit_head_line(struct exchange_head *head, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len), *value;
	size_t name_len, value_len;

	if (!colon)
		return;
	name_len = (size_t)(colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	trim(&value, &value_len);
	if (text_is(line, name_len, "Date")) {
		if (time_parse_http(value, value_len, &head->date_ms) < 0 || head->date_ms < 0)
			head->date_ms = 0;
	} else if (text_is(line, name_len, "Remaining-Req")) {
		head->remaining = remaining_parse(value, value_len);
	}
}

void upbit_head_read(struct exchange_head *head, const char *lines, size_t len)
{
	upbit_head_init(head);
	while (len > 0) {
		const char *end = memchr(lines, '\n', len);
		size_t line_len = end ? (size_t)(end - lines) + 1 : len;

		upbit_head_line(head, lines, line_len);
		lines += line_len;
		len -= line_len;
	}
}

/* ---------------------------------------------------------------- verdicts */

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

static enum verdict verdict_of(int status, int is_error_object)
{
	switch (status) {
	case 200:
		return VERDICT_OK;
	case 429:
		return VERDICT_LIMITED;
	case 418:
		return VERDICT_BANNED;
	case 404:
		return is_error_object ? VERDICT_UNKNOWN_MARKET : VERDICT_BROKEN;
	case 401: /* no key is sent: refused by something in front of the exchange */
	case 403:
	case 407:
	case 408:
	case 451:
		return VERDICT_BROKEN;
	default:
		return status >= 400 && status < 500 ? VERDICT_REFUSED : VERDICT_BROKEN;
	}
}

static const char *verdict_meaning(enum verdict verdict)
{
	static const char *const meanings[] = {
		[VERDICT_OK] = "",
		[VERDICT_LIMITED] = "too many requests in this second",
		[VERDICT_BANNED] = "this address is blocked for a while after too many requests",
		[VERDICT_UNKNOWN_MARKET] = "it does not know the market (any more)",
		[VERDICT_REFUSED] = "it refuses this request",
		[VERDICT_BROKEN] = "it cannot answer at the moment",
	};

	return meanings[verdict];
}

enum verdict upbit_judge(int status, const char *body, size_t len, int64_t *block_ms,
			 struct err *err)
{
	char quoted[REMOTE_TEXT_BYTES], raw[1024];
	enum verdict verdict;
	struct cJSON *json = NULL;
	const char *message = NULL;

	*block_ms = 0;
	err_clear(err);
	if (status == 200 && !remote_is_foreign(body, len, err))
		return VERDICT_OK;
	if (status == 200) { /* who waits is another matter than of a page that is wrong */
		err->class = ERR_RETRY;
		return VERDICT_BROKEN;
	}
	json = remote_json(body, len, NULL);
	message = remote_error(json);
	verdict = verdict_of(status, message != NULL);
	if (!message) {
		snprintf(raw, sizeof(raw), "%.*s", (int)(len < sizeof(raw) ? len : sizeof(raw) - 1),
			 body ? body : "");
		message = raw;
	}
	if (verdict == VERDICT_BANNED)
		*block_ms = block_parse(message);
	remote_text(message, strlen(message), quoted);
	err_set(err,
		verdict == VERDICT_UNKNOWN_MARKET || verdict == VERDICT_REFUSED ? ERR_INPUT
										: ERR_RETRY,
		"The exchange answered with status %d: %s%s%s%s.", status, verdict_meaning(verdict),
		*quoted ? " (\"" : "", quoted, *quoted ? "\")" : "");
	cJSON_Delete(json);
	return verdict;
}
