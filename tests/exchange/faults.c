/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include "series.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *value, *help;
} kinds[FAULTS] = {
	[FAULT_DELAY] = {"delay", "ms", "the answer is made so many ms after the request came"},
	[FAULT_HOLD] = {"hold", "ms",
			"the answer is made at once, Date included, and sent so many ms later"},
	[FAULT_TRUNCATE] = {"truncate", NULL,
			    "half of the body under the full Content-Length, then the end"},
	[FAULT_TRUNCATE_CHUNKED] = {"truncate_chunked", NULL,
				    "the same, chunked: the last chunk never comes"},
	[FAULT_SHORT_LENGTH] = {"short_length", NULL,
				"half of the JSON, with a Content-Length that fits it"},
	[FAULT_STATUS] = {"status", "http-status", "an error with this status"},
	[FAULT_HTML] = {"html", NULL, "200 with a maintenance page"},
	[FAULT_EMPTY] = {"empty", NULL, "200 with []"},
	[FAULT_NULL] = {"null", NULL, "200 with null"},
	[FAULT_OBJECT] = {"object", NULL, "200 with an error object"},
	[FAULT_DRIP] = {"drip", NULL, "one byte a second"},
	[FAULT_HTTP_429] = {"http_429", NULL, "429, though the limit was not reached"},
	[FAULT_HTTP_418] = {"http_418", "seconds",
			    "418, and the candle group is blocked for so long"},
	[FAULT_RESET] = {"reset", NULL, "the connection is reset instead of an answer"},
	[FAULT_WRONG_MARKET] = {"wrong_market", NULL, "rows that say they are of KRW-WRONG"},
	[FAULT_OFF_GRID] = {"off_grid", NULL, "one row 400 ms or 17 s off its interval's grid"},
	[FAULT_NEWER_THAN_TO] = {"newer_than_to", NULL, "a row that starts at `to`"},
	[FAULT_DUPLICATE_ROW] = {"duplicate_row", NULL,
				 "the middle row twice; the second time with another close"},
	[FAULT_UNORDERED] = {"unordered", NULL, "oldest first"},
	[FAULT_GARBAGE_NUMBER] = {"garbage_number", NULL, "a price that is not a number"},
	[FAULT_BAD_UTF8] = {"bad_utf8", NULL, "bytes within a string that are not UTF-8"},
	[FAULT_HUGE] = {"huge", NULL, "the page, and then blanks up to 1 GiB"},
	[FAULT_BOMB] = {"bomb", NULL, "1 GiB of blanks, as gzip"},
	[FAULT_NODATE] = {"nodate", NULL, "no Date header"},
	[FAULT_DATE_SKEW] = {"date_skew", "seconds", "a Date header that is so many seconds wrong"},
	[FAULT_NO_REMAINING] = {"no_remaining", NULL, "no Remaining-Req header"},
	[FAULT_DOWN] = {"down", NULL, "every connection to /v1 is reset, open ones at once"},
};

const char *fault_name(enum fault_kind kind)
{
	return kind < FAULTS ? kinds[kind].name : NULL;
}

const char *fault_value_help(enum fault_kind kind)
{
	return kinds[kind].value;
}

const char *fault_help(enum fault_kind kind)
{
	return kinds[kind].help;
}

bool fault_parse(const char *name, enum fault_kind *kind)
{
	for (unsigned i = 0; i < FAULTS; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*kind = (enum fault_kind)i;
			return true;
		}
	}
	return false;
}

void faults_release(struct faults *f)
{
	faults_clear(f, 0);
}

unsigned faults_add(struct faults *f, const struct fault_rule *rule)
{
	struct fault_rule *r = room_new(1, sizeof(*r)), **at = &f->first;

	*r = *rule;
	r->id = ++f->last_id;
	r->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
	return r->id;
}

unsigned faults_clear(struct faults *f, unsigned id)
{
	struct fault_rule **at = &f->first;
	unsigned cleared = 0;

	while (*at != NULL) {
		struct fault_rule *r = *at;

		if (id != 0 && r->id != id) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
		cleared++;
	}
	return cleared;
}

static bool matches(const struct fault_rule *r, enum fault_path path, const char *market,
		    int interval)
{
	if (r->left == 0 || (r->path != FAULT_PATH_ANY && r->path != path))
		return false;
	if (r->market[0] != '\0' && (market == NULL || strcmp(r->market, market) != 0))
		return false;
	return r->interval < 0 || r->interval == interval;
}

void faults_hit(struct faults *f, enum fault_path path, const char *market, int interval,
		double (*random)(void *), void *cls, struct fault_set *set)
{
	memset(set, 0, sizeof(*set));
	for (struct fault_rule *r = f->first; r != NULL; r = r->next) {
		if (!matches(r, path, market, interval))
			continue;
		if (r->skip > 0) {
			r->skip--;
			continue;
		}
		if (r->probability < 1 && random(cls) >= r->probability)
			continue;
		if (r->left > 0)
			r->left--;
		r->hits++;
		f->hits++;
		set->kinds |= 1u << r->kind;
		set->value[r->kind] = r->value;
	}
}

bool fault_is(const struct fault_set *set, enum fault_kind kind)
{
	return set->kinds >> kind & 1;
}

void faults_json(const struct faults *f, struct text *out)
{
	static const char *const paths[] = {"candles", "market", "any"};

	text_put(out, "[");
	for (const struct fault_rule *r = f->first; r != NULL; r = r->next) {
		text_printf(
			out,
			"%s{\"id\":%u,\"kind\":\"%s\",\"value\":%lld,\"left\":%lld,\"after\":%lld,"
			"\"hits\":%llu,"
			"\"probability\":%g,\"path\":\"%s\",\"market\":",
			r == f->first ? "" : ",", r->id, kinds[r->kind].name, (long long)r->value,
			(long long)r->left, (long long)r->skip, (unsigned long long)r->hits,
			r->probability, paths[r->path]);
		if (r->market[0] != '\0')
			text_json(out, r->market);
		else
			text_put(out, "null");
		if (r->interval >= 0)
			text_printf(out, ",\"interval\":\"%s\"}",
				    interval_name((enum interval)r->interval));
		else
			text_put(out, ",\"interval\":null}");
	}
	text_put(out, "]");
}

static void duplicate(struct row *rows, size_t *n)
{
	size_t middle = *n / 2;

	memmove(&rows[middle + 1], &rows[middle], (*n - middle) * sizeof(*rows));
	(*n)++;
	snprintf(rows[middle].close, sizeof(rows[middle].close), "1.00000001");
}

void fault_spoil_rows(const struct fault_set *set, struct row *rows, size_t *n, int64_t to_ms)
{
	if (*n == 0)
		return;
	if (fault_is(set, FAULT_OFF_GRID))
		rows[*n / 2].start_ms += rows[0].interval == INTERVAL_1S ? 400 : 17 * SECOND_MS;
	if (fault_is(set, FAULT_DUPLICATE_ROW) && *n <= PAGE_ROWS)
		duplicate(rows, n);
	if (fault_is(set, FAULT_NEWER_THAN_TO) && *n <= PAGE_ROWS && to_ms != INT64_MAX) {
		memmove(&rows[1], &rows[0], *n * sizeof(*rows));
		(*n)++;
		rows[0].start_ms = to_ms;
	}
	for (size_t i = 0; fault_is(set, FAULT_UNORDERED) && i < *n / 2; i++) {
		struct row kept = rows[i];

		rows[i] = rows[*n - 1 - i];
		rows[*n - 1 - i] = kept;
	}
	if (fault_is(set, FAULT_GARBAGE_NUMBER))
		snprintf(rows[*n / 2].close, sizeof(rows[0].close), "115o9000.0");
}

void fault_spoil_text(const struct fault_set *set, struct text *body)
{
	static const unsigned char bad[4] = {0xff, 0xfe, 0xc0, 0x80};
	char *kst = body->len > 0 ? strstr(body->data, "_kst\":\"") : NULL;

	if (fault_is(set, FAULT_BAD_UTF8) && kst != NULL)
		memcpy(kst + 7, bad, sizeof(bad));
	if (fault_is(set, FAULT_SHORT_LENGTH)) {
		body->len /= 2;
		if (body->data != NULL)
			body->data[body->len] = '\0';
	}
}
