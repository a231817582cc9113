/* SPDX-License-Identifier: MIT */
#include "common/text/utf8.h"

#include <string.h>

size_t utf8_next(const char *text, size_t len, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t n = len == 0      ? 0
		   : p[0] < 0x80 ? 1
		   : p[0] < 0xc0 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf8 ? 4
				 : 0;

	if (n == 0 || n > len)
		return 0;
	*code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3fu);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

size_t utf8_visible(const char *text, size_t len)
{
	static const uint32_t hidden[][2] = {
		{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},
		{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
	};
	uint32_t code;
	size_t n = utf8_next(text, len, &code);

	for (size_t i = 0; n && i < sizeof(hidden) / sizeof(*hidden); i++) {
		if (code >= hidden[i][0] && code <= hidden[i][1])
			return 0;
	}
	return n;
}

size_t utf8_cut(const char *text, size_t most)
{
	size_t n = most;

	while (n > 0 && most - n < 3 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void utf8_repair(char *text)
{
	size_t len = strlen(text), step;
	uint32_t code;

	for (size_t i = 0; i < len; i += step ? step : 1) {
		step = utf8_next(text + i, len - i, &code);
		if (!step)
			text[i] = '?';
	}
}

static int is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *utf8_line(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0, used;

	while (len > 0 && is_space(text[len - 1]))
		len--;
	for (size_t at = 0; at < len; at += used) {
		size_t step = utf8_visible(text + at, len - at);

		used = step ? step : 1;
		if (is_space(text[at]) && (n == 0 || out[n - 1] == ' '))
			continue;
		if (n + used > size - sizeof("...")) {
			memcpy(out + n, "...", sizeof("..."));
			return out;
		}
		if (is_space(text[at]))
			out[n] = ' ';
		else if (step)
			memcpy(out + n, text + at, step);
		else
			out[n] = '?';
		n += used;
	}
	out[n] = 0;
	return out;
}

const char *printable(const char *text, char out[PRINTABLE_BYTES])
{
	enum { KEPT = PRINTABLE_BYTES - sizeof("...") };
	size_t n = strnlen(text, KEPT);

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	memcpy(out + n, text[n] ? "..." : "", text[n] ? 4 : 1);
	return out;
}
