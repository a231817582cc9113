/* SPDX-License-Identifier: MIT */
#include "producer/exchange/remote.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "common/text/buf.h"
#include "common/text/jsonnum.h"
#include "common/text/utf8.h"

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A maintenance page would be called malformed at its first digit. */
static int is_html(const char *body, size_t len)
{
	while (len > 0 && is_space(*body)) {
		body++;
		len--;
	}
	return len > 0 && *body == '<';
}

int remote_is_foreign(const char *body, size_t len, struct err *err)
{
	if (len == 0)
		err_set(err, ERR_INPUT, "The answer is empty where JSON was expected.");
	else if (is_html(body, len))
		err_set(err, ERR_INPUT,
			"The answer is not JSON but HTML: maintenance, or something in between that answers in its place.");
	else
		return 0;
	return 1;
}

struct cJSON *remote_json(const char *body, size_t len, struct err *err)
{
	struct cJSON *value = NULL;
	struct buf quoted;

	/* Three bytes are added to each number, and a number comes with a separator. */
	buf_init(&quoted, 3 * len + 16);
	if (remote_is_foreign(body, len, err))
		goto out;
	if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0) {
		err_set(err, ERR_INPUT,
			"The answer begins with a byte order mark, which JSON does not allow.");
		goto out;
	}
	value = json_parse(body, len, &quoted, err);
out:
	buf_release(&quoted);
	return value;
}

char *remote_text(const char *text, size_t len, char out[REMOTE_TEXT_BYTES])
{
	utf8_line(text, len, out, REMOTE_TEXT_BYTES);
	for (char *quote = out; (quote = strchr(quote, '"')) != NULL;)
		*quote = '\'';
	return out;
}

const char *remote_error(const struct cJSON *value)
{
	const struct cJSON *error, *name;
	const char *text;

	if (!cJSON_IsObject(value))
		return NULL;
	error = cJSON_GetObjectItemCaseSensitive(value, "error");
	if (!cJSON_IsObject(error))
		return NULL;
	text = json_string_text(cJSON_GetObjectItemCaseSensitive(error, "message"));
	if (text)
		return text;
	name = cJSON_GetObjectItemCaseSensitive(error, "name");
	text = json_number_text(name);
	if (!text)
		text = json_string_text(name);
	return text ? text : "no message";
}

/* Where the element ends: with the '}' that stands before a comma and the next '{', or last of all.
 * What stands in between counts for nothing: quotes may be what is broken. */
static const char *element_end(const char *text, const char *end)
{
	for (const char *at = text; (at = memchr(at, '}', (size_t)(end - at))) != NULL; at++) {
		const char *next = at + 1;

		while (next < end && is_space(*next))
			next++;
		if (next == end || *next != ',')
			continue;
		for (next++; next < end && is_space(*next);)
			next++;
		if (next < end && *next == '{')
			return at + 1;
	}
	return end;
}

/* The object, or why it is none. */
static struct cJSON *element(const char *text, size_t len)
{
	struct err err = {0};
	struct cJSON *value = remote_json(text, len, &err);

	if (value && !cJSON_IsObject(value)) {
		cJSON_Delete(value);
		value = NULL;
	}
	return value ? value : cJSON_CreateRaw(*err.text ? err.text : "It is not an object.");
}

/* The array of a text that is not JSON, where half of its elements are, at least. One that was cut
 * short is none. */
static struct cJSON *salvage(const char *body, size_t len)
{
	const char *at = body, *end = body + len;
	struct cJSON *array;
	size_t n = 0, broken = 0;

	while (at < end && is_space(*at))
		at++;
	while (at < end && is_space(end[-1]))
		end--;
	if (end - at < 2 || *at != '[' || end[-1] != ']')
		return NULL;
	array = cJSON_CreateArray();
	for (at++, end--; at < end; n++) {
		const char *last = element_end(at, end), *comma = memchr(last, ',', end - last);
		struct cJSON *value = element(at, (size_t)(last - at));

		broken += (size_t)cJSON_IsRaw(value);
		cJSON_AddItemToArray(array, value);
		at = comma ? comma + 1 : end;
	}
	if (n > 0 && 2 * broken <= n)
		return array;
	cJSON_Delete(array);
	return NULL;
}

struct cJSON *remote_array(const char *body, size_t len, const char *what, struct err *err)
{
	struct cJSON *json = remote_json(body, len, err);
	const char *message = remote_error(json);
	char quoted[REMOTE_TEXT_BYTES];

	if (!json && (json = salvage(body, len)) != NULL)
		err_clear(err);
	if (!json || cJSON_IsArray(json))
		return json;
	if (message)
		err_set(err, ERR_INPUT,
			"The exchange answered with an error in place of %s: \"%s\".", what,
			remote_text(message, strlen(message), quoted));
	else
		err_set(err, ERR_INPUT, "The answer is not %s: JSON, but not an array.", what);
	cJSON_Delete(json);
	return NULL;
}
