/* SPDX-License-Identifier: MIT */
/* The message as JSON. What is read is told apart by a table in the order of the schema; writing
 * needs no escapes, as nothing that passes message_validate() contains a character that JSON would
 * escape. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "candle.h"
#include "jsonnum.h"
#include "utf8.h"

int message_encode(const struct message *m, struct buf *out)
{
	const struct candle *c = &m->candle;

	return buf_printf(
		out,
		"{\"v\":%d,\"symbol\":\"%s\",\"interval\":\"%s\",\"timestamp\":%" PRId64 ","
		"\"open\":\"%s\",\"high\":\"%s\",\"low\":\"%s\",\"close\":\"%s\","
		"\"volume\":\"%s\",\"quote_volume\":\"%s\","
		"\"revision\":%" PRId64 ",\"covers_from\":%" PRId64 ",\"covers_to\":%" PRId64 ","
		"\"source\":\"%s\",\"origin\":\"%s\",\"fetched_at\":%" PRId64 "}",
		MESSAGE_VERSION, c->symbol, c->interval->name, c->timestamp_ms, c->open, c->high,
		c->low, c->close, c->volume, c->quote_volume, c->revision, m->covers_from_ms,
		m->covers_to_ms, m->source, origin_name(m->origin), m->fetched_at_ms);
}

#define refuse(...) err_set(err, ERR_INPUT, __VA_ARGS__)

enum kind { KIND_INT64, KIND_TEXT, KIND_DECIMAL, KIND_INTERVAL, KIND_ORIGIN };

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset; /* of the member in struct message */
	size_t bytes;  /* its room, where it is text */
} fields[] = {
#define AT(member) offsetof(struct message, member)
	{"symbol", KIND_TEXT, AT(candle.symbol), SYMBOL_BYTES},
	{"interval", KIND_INTERVAL, AT(candle.interval), 0},
	{"timestamp", KIND_INT64, AT(candle.timestamp_ms), 0},
	{"open", KIND_DECIMAL, AT(candle.open), DECIMAL_BYTES},
	{"high", KIND_DECIMAL, AT(candle.high), DECIMAL_BYTES},
	{"low", KIND_DECIMAL, AT(candle.low), DECIMAL_BYTES},
	{"close", KIND_DECIMAL, AT(candle.close), DECIMAL_BYTES},
	{"volume", KIND_DECIMAL, AT(candle.volume), DECIMAL_BYTES},
	{"quote_volume", KIND_DECIMAL, AT(candle.quote_volume), DECIMAL_BYTES},
	{"revision", KIND_INT64, AT(candle.revision), 0},
	{"covers_from", KIND_INT64, AT(covers_from_ms), 0},
	{"covers_to", KIND_INT64, AT(covers_to_ms), 0},
	{"source", KIND_TEXT, AT(source), SOURCE_BYTES},
	{"origin", KIND_ORIGIN, AT(origin), 0},
	{"fetched_at", KIND_INT64, AT(fetched_at_ms), 0},
#undef AT
};

static int read_text(const struct field *f, const char *text, char *to, struct err *err)
{
	size_t len = strlen(text);

	if (len >= f->bytes)
		return refuse("\"%s\" has %zu characters; it may have %zu.", f->key, len,
			      f->bytes - 1);
	memcpy(to, text, len + 1);
	return 0;
}

static int read_interval(const char *text, const struct interval **to, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	*to = interval_by_name(text);
	if (*to)
		return 0;
	return refuse(
		"\"interval\" is \"%s\"; it must be one of 1s 1m 3m 5m 10m 15m 30m 1h 4h 1d 1w 1M.",
		printable(text, shown));
}

static int read_origin(const char *text, enum origin *to, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	for (enum origin o = ORIGIN_LIVE; o <= ORIGIN_REPAIR; o++) {
		if (!strcmp(text, origin_name(o))) {
			*to = o;
			return 0;
		}
	}
	return refuse("\"origin\" is \"%s\"; it must be live, backfill or repair.",
		      printable(text, shown));
}

static int read_field(const struct field *f, const cJSON *item, struct message *m, struct err *err)
{
	void *to = (char *)m + f->offset;
	const char *text = json_string_text(item);

	if (f->kind == KIND_INT64 && !json_number_int64(item, to))
		return 0;
	if (f->kind == KIND_INT64)
		return refuse(
			"\"%s\" must be a whole number within 64 bits, without quotes, fraction or exponent.",
			f->key);
	if (!text)
		return refuse("\"%s\" must be a string%s.", f->key,
			      f->kind == KIND_DECIMAL ? " of digits, in quotes" : "");
	if (f->kind == KIND_INTERVAL)
		return read_interval(text, to, err);
	if (f->kind == KIND_ORIGIN)
		return read_origin(text, to, err);
	return read_text(f, text, to, err);
}

/* Our own messages have their keys in the table's order, so the next member is nearly always the
 * one that is looked for. */
static const cJSON *find(const cJSON *root, const cJSON **next, const char *key)
{
	const cJSON *item = *next;

	if (!item || strcmp(item->string, key) != 0)
		item = cJSON_GetObjectItemCaseSensitive(root, key);
	if (item)
		*next = item->next;
	return item;
}

static enum message_result read_message(const cJSON *root, struct message *m, struct err *err)
{
	const cJSON *next = root->child, *item;
	int64_t version;

	if (!cJSON_IsObject(root)) {
		refuse("The message is not a JSON object.");
		return MESSAGE_BAD;
	}
	if (json_check_keys(root, err))
		return MESSAGE_BAD;
	item = find(root, &next, "v");
	if (!item || json_number_int64(item, &version) || version < 1) {
		refuse("\"v\", the version of the message, must be there and a whole number from 1.");
		return MESSAGE_BAD;
	}
	if (version > MESSAGE_VERSION) {
		err_set(err, ERR_FATAL,
			"The message has version %" PRId64
			", this program knows versions up to %d: upgrade it.",
			version, MESSAGE_VERSION);
		return MESSAGE_NEWER;
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		item = find(root, &next, fields[i].key);
		if (!item) {
			refuse("\"%s\" is missing.", fields[i].key);
			return MESSAGE_BAD;
		}
		if (read_field(&fields[i], item, m, err))
			return MESSAGE_BAD;
	}
	return message_validate(m, err) ? MESSAGE_BAD : MESSAGE_OK;
}

enum message_result message_decode(const char *value, size_t len, struct message *out,
				   struct err *err)
{
	enum message_result result = MESSAGE_BAD;
	struct message m = {0};
	struct buf work;
	cJSON *root = NULL;

	buf_init(&work, 4 * (size_t)MESSAGE_MAX_BYTES);
	if (len > MESSAGE_MAX_BYTES) {
		refuse("The message has %zu bytes; a candle has at most %d.", len,
		       MESSAGE_MAX_BYTES);
		goto out;
	}
	root = json_parse(value, len, &work, err);
	if (!root)
		goto out;
	result = read_message(root, &m, err);
	if (result == MESSAGE_OK)
		*out = m;
out:
	cJSON_Delete(root);
	buf_release(&work);
	return result;
}
