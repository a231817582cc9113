/* SPDX-License-Identifier: MIT */
/* Pages whose JSON is not what it should be, or is it in another way: keys in any order, keys that
 * nobody knows, a value that is not one. It works on the text: our rows are flat objects, whose
 * strings hold neither braces nor commas. */
#include "fault_family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 16 /* of one row, at most */

/* One row: its pairs, as they stand in the text. */
struct object {
	struct {
		const char *at;
		size_t len;
	} pair[FIELDS];
	size_t n;
};

/* Reads the row whose brace is at *at; *at is behind it then. */
static void read_object(const char **at, struct object *o)
{
	const char *s = *at + 1;

	o->n = 0;
	while (*s != '}' && *s != '\0' && o->n < FIELDS) {
		size_t len = strcspn(s, ",}");

		o->pair[o->n].at = s;
		o->pair[o->n++].len = len;
		s += len;
		s += *s == ',';
	}
	*at = s + (*s == '}');
}

/* What a field is called in the JSON; the names are those of /control/correct. */
static const char *key_of(const char *field, size_t len)
{
	static const struct {
		const char *field, *key;
	} keys[] = {
		{"market", "market"},
		{"time", "candle_date_time_utc"},
		{"open", "opening_price"},
		{"high", "high_price"},
		{"low", "low_price"},
		{"close", "trade_price"},
		{"volume", "candle_acc_trade_volume"},
		{"quote_volume", "candle_acc_trade_price"},
		{"revision", "timestamp"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].field) == len && memcmp(keys[i].field, field, len) == 0)
			return keys[i].key;
	return NULL;
}

bool fault_field_known(const char *words)
{
	return strchr(words, ':') != NULL && key_of(words, strcspn(words, ":")) != NULL;
}

static bool has_key(const struct object *o, size_t i, const char *key)
{
	size_t len = strlen(key);

	return o->pair[i].len > len + 3 && o->pair[i].at[0] == '"' &&
	       memcmp(o->pair[i].at + 1, key, len) == 0 && o->pair[i].at[len + 1] == '"';
}

static bool starts_at(const struct object *o, int64_t start_ms)
{
	char at[UTC_TEXT];
	size_t i = 0;

	utc_format(at, start_ms, 'T', false);
	while (i < o->n && !has_key(o, i, "candle_date_time_utc"))
		i++;
	return i < o->n && memmem(o->pair[i].at, o->pair[i].len, at, strlen(at)) != NULL;
}

/* A pair of the row, or what bad_field puts in its place. False: the field is left out. */
static bool put_pair(struct text *out, const struct object *o, size_t i,
		     const struct fault_hit *bad)
{
	const char *token = bad != NULL ? strchr(bad->words, ':') : NULL;
	const char *key = bad != NULL ? key_of(bad->words, strcspn(bad->words, ":")) : NULL;

	if (key == NULL || !has_key(o, i, key)) {
		text_add(out, o->pair[i].at, o->pair[i].len);
		return true;
	}
	if (token[1] == '\0')
		return false;
	text_printf(out, "\"%s\":%s", key, token + 1);
	return true;
}

static void put_object(struct text *out, const struct object *o, const struct fault_set *set,
		       size_t row, const struct fault_hit *bad)
{
	bool reordered = fault_is(set, FAULT_KEY_ORDER);
	size_t kept;

	text_put(out, "{");
	if (fault_is(set, FAULT_UNKNOWN_KEYS))
		text_put(out, "\"schema\":{\"version\":[2,null]},");
	for (size_t i = 0; i < o->n; i++) {
		size_t at = reordered ? o->n - 1 - (i + row) % o->n : i;

		kept = out->len;
		if (put_pair(out, o, at, bad))
			text_put(out, i + 1 < o->n ? "," : "");
		else if (i + 1 == o->n && out->data[kept - 1] == ',')
			out->data[--out->len] = '\0';
	}
	if (fault_is(set, FAULT_UNKNOWN_KEYS))
		text_put(out,
			 ",\"vwap\":1.5E3,\"flags\":[\"a\",{\"b\":false}],\"note\":\"}{\\\"\"");
	text_put(out, "}");
}

static size_t count_objects(const char *body)
{
	size_t n = 0;

	for (; *body != '\0'; body++)
		n += *body == '{';
	return n;
}

/* The rule that spoils this row; NULL: none does. */
static const struct fault_hit *bad_of(const struct fault_set *set, const struct object *o,
				      size_t row, size_t rows)
{
	const struct fault_hit *hit = NULL;

	while ((hit = fault_next(set, FAULT_BAD_FIELD, hit)) != NULL)
		if (hit->row_ms == INT64_MIN ? row == rows / 2 : starts_at(o, hit->row_ms))
			return hit;
	return NULL;
}

static void rewrite(const struct fault_set *set, struct text *body)
{
	struct text old = *body;
	const char *at = old.data;
	size_t rows = count_objects(at);
	struct object o;

	*body = (struct text)TEXT_EMPTY;
	text_put(body, "[");
	for (size_t row = 0; row < rows && (at = strchr(at, '{')) != NULL; row++) {
		read_object(&at, &o);
		text_put(body, row == 0 ? "" : ",");
		put_object(body, &o, set, row, bad_of(set, &o, row, rows));
	}
	text_put(body, "]");
	text_release(&old);
}

void fault_spoil_json(const struct fault_set *set, struct text *body)
{
	const uint64_t rewriting =
		1ULL << FAULT_BAD_FIELD | 1ULL << FAULT_KEY_ORDER | 1ULL << FAULT_UNKNOWN_KEYS;

	if ((set->kinds & rewriting) != 0)
		rewrite(set, body);
}

void fault_spoil_text(const struct fault_set *set, struct text *body)
{
	static const unsigned char bad[4] = {0xff, 0xfe, 0xc0, 0x80};
	char *kst;

	if (body->len == 0)
		return;
	kst = strstr(body->data, "_kst\":\"");
	if (fault_is(set, FAULT_BAD_UTF8) && kst != NULL)
		memcpy(kst + 7, bad, sizeof(bad));
	if (fault_is(set, FAULT_SHORT_LENGTH)) {
		body->len /= 2;
		body->data[body->len] = '\0';
	}
}
