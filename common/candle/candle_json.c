/* SPDX-License-Identifier: MIT */
/* The message read by cJSON: a good one in whatever layout, and the sentence for a bad one. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "common/candle/candle_fields.h"
#include "common/text/jsonnum.h"
#include "common/text/utf8.h"

#define refuse(...) err_set(err, ERR_INPUT, __VA_ARGS__)
#define bad(...)    (refuse(__VA_ARGS__), MESSAGE_BAD)

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
	return refuse("\"interval\" is \"%s\"; it must be one of " INTERVAL_NAMES ".",
		      printable(text, shown));
}

static int read_origin(const char *text, enum origin *to, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	if (!origin_by_name(text, to))
		return 0;
	return refuse("\"origin\" is \"%s\"; it must be live, backfill or repair.",
		      printable(text, shown));
}

static int read_field(const struct field *f, const cJSON *item, struct message *m, struct err *err)
{
	void *to = (char *)m + f->offset;
	const char *text = json_string_text(item);

	if (f->kind == FIELD_INT64 && !json_number_int64(item, to))
		return 0;
	if (f->kind == FIELD_INT64)
		return refuse(
			"\"%s\" must be a whole number within 64 bits, without quotes, fraction or exponent.",
			f->key);
	if (!text)
		return refuse("\"%s\" must be a string%s.", f->key,
			      f->kind == FIELD_DECIMAL ? " of digits, in quotes" : "");
	if (f->kind == FIELD_INTERVAL)
		return read_interval(text, to, err);
	if (f->kind == FIELD_ORIGIN)
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

static enum message_result newer(int64_t version, struct err *err)
{
	err_set(err, ERR_FATAL,
		"The message has version %" PRId64
		", this program knows versions up to %d: upgrade it.",
		version, MESSAGE_VERSION);
	return MESSAGE_NEWER;
}

/* What is too large to be read, a newer version may have a use for: the version is the first key.
 */
static enum message_result read_large(const char *value, size_t len, struct err *err)
{
	static const char begin[] = "{\"v\":";
	const char *at = value + sizeof begin - 1;
	int64_t version = 0;

	if (memcmp(value, begin, sizeof begin - 1) == 0)
		for (; *at >= '0' && *at <= '9' && version < INT32_MAX; at++)
			version = 10 * version + (*at - '0');
	if (version > MESSAGE_VERSION && *at == ',')
		return newer(version, err);
	return bad("The message has %zu bytes; a candle has at most %d.", len, MESSAGE_MAX_BYTES);
}

static enum message_result read_message(const cJSON *root, struct message *m, struct err *err)
{
	const cJSON *next = root->child, *item;
	int64_t version;

	if (!cJSON_IsObject(root))
		return bad("The message is not a JSON object.");
	if (json_check_keys(root, err))
		return MESSAGE_BAD;
	item = find(root, &next, "v");
	if (!item || json_number_int64(item, &version) || version < 1)
		return bad(
			"\"v\", the version of the message, must be there and a whole number from 1.");
	if (version > MESSAGE_VERSION)
		return newer(version, err);
	for (const struct field *f = field_table; f < field_table + FIELDS; f++) {
		item = find(root, &next, f->key);
		if (!item)
			return bad("\"%s\" is missing.", f->key);
		if (read_field(f, item, m, err))
			return MESSAGE_BAD;
	}
	return MESSAGE_OK;
}

enum message_result message_read_json(const char *value, size_t len, struct message *out,
				      struct err *err)
{
	enum message_result result = MESSAGE_BAD;
	struct message m = {0};
	struct buf work;
	cJSON *root;

	if (len > MESSAGE_MAX_BYTES)
		return read_large(value, len, err);
	buf_init(&work, 4 * (size_t)MESSAGE_MAX_BYTES);
	root = json_parse(value, len, &work, err);
	if (root)
		result = read_message(root, &m, err);
	if (result == MESSAGE_OK)
		*out = m;
	cJSON_Delete(root);
	buf_release(&work);
	return result;
}
