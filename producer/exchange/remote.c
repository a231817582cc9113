/* SPDX-License-Identifier: MIT */
#include "producer/exchange/remote.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "common/buf.h"
#include "common/jsonnum.h"

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

struct cJSON *remote_json(const char *body, size_t len, struct err *err)
{
	struct cJSON *value = NULL;
	struct buf quoted;

	/* Three bytes are added to each number, and a number comes with a separator. */
	buf_init(&quoted, 3 * len + 16);
	if (len == 0) {
		err_set(err, ERR_INPUT, "The answer is empty where JSON was expected.");
		goto out;
	}
	if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0) {
		err_set(err, ERR_INPUT,
			"The answer begins with a byte order mark, which JSON does not allow.");
		goto out;
	}
	if (is_html(body, len)) {
		err_set(err, ERR_INPUT,
			"The answer is not JSON but HTML: maintenance, or something in between that answers in its place.");
		goto out;
	}
	if (json_quote_numbers(body, len, &quoted, err) < 0)
		goto out;
	/* The length counts the final 0, which cJSON then requires right after the value. */
	value = cJSON_ParseWithLengthOpts(quoted.data, quoted.len + 1, NULL, 1);
	if (!value)
		err_set(err, ERR_INPUT,
			"The answer is not JSON, or is cut off: its structure does not parse.");
out:
	buf_release(&quoted);
	return value;
}

/* Length of the UTF-8 character at text, 0 if it is broken or a control character. */
static size_t character(const unsigned char *text, size_t len)
{
	static const struct form {
		unsigned char first, last; /* range of the first byte */
		unsigned char least, most; /* range of the second: shuts out over-long forms,
					      surrogates, C1 controls */
		size_t n;
	} forms[] = {
		{0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2},
		{0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const struct form *f = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && !f; i++)
		if (text[0] >= forms[i].first && text[0] <= forms[i].last)
			f = &forms[i];
	if (!f || f->n > len || (f->n > 1 && (text[1] < f->least || text[1] > f->most)))
		return 0;
	for (size_t i = 2; i < f->n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return f->n;
}

char *remote_text(const char *text, size_t len, char out[REMOTE_TEXT_BYTES])
{
	const size_t room = REMOTE_TEXT_BYTES - 1 - 3;
	size_t at = 0, n = 0;

	while (len > 0 && is_space(text[len - 1]))
		len--;
	while (at < len) {
		size_t step = character((const unsigned char *)text + at, len - at);

		if (n + (step ? step : 1) > room) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (is_space(text[at])) {
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
		} else if (step == 0) {
			out[n++] = '?';
		} else if (text[at] == '"') {
			out[n++] = '\'';
		} else {
			memcpy(out + n, text + at, step);
			n += step;
		}
		at += step ? step : 1;
	}
	out[n] = 0;
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
