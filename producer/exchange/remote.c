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

struct cJSON *remote_array(const char *body, size_t len, const char *what, struct err *err)
{
	struct cJSON *json = remote_json(body, len, err);
	const char *message = remote_error(json);
	char quoted[REMOTE_TEXT_BYTES];

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
