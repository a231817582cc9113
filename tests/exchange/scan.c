/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include <string.h>

void scan_init(struct scan *s, const char *data, size_t len)
{
	s->at = data;
	s->end = data + len;
	s->line = 1;
	s->in_array = s->in_object = false;
	s->wrong = NULL;
}

static bool fail(struct scan *s, const char *wrong)
{
	if (s->wrong == NULL)
		s->wrong = wrong;
	return false;
}

/* The next byte that is not blank; 0 at the end. */
static char peek(struct scan *s)
{
	for (; s->at < s->end; s->at++) {
		if (*s->at == '\n')
			s->line++;
		else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r')
			return *s->at;
	}
	return '\0';
}

static bool take(struct scan *s, char c)
{
	if (peek(s) != c)
		return false;
	s->at++;
	return true;
}

bool scan_object(struct scan *s)
{
	bool first = !s->in_array;

	if (first && !take(s, '['))
		return fail(s, "expected an array");
	s->in_array = true;
	s->in_object = false;
	if (take(s, ']')) {
		if (peek(s) != '\0')
			return fail(s, "text after the array");
		return false;
	}
	if (!first && !take(s, ','))
		return fail(s, "expected ',' or ']' after a row");
	if (!take(s, '{'))
		return fail(s, "expected an array of objects");
	return true;
}

static bool scan_string(struct scan *s, const char **text, size_t *len)
{
	if (!take(s, '"'))
		return fail(s, "expected a string");
	*text = s->at;
	for (; s->at < s->end && *s->at != '"'; s->at++) {
		if ((unsigned char)*s->at < 0x20)
			return fail(s, "a control character in a string");
		if (*s->at == '\\' && ++s->at == s->end)
			break;
	}
	if (s->at >= s->end)
		return fail(s, "a string without an end");
	*len = (size_t)(s->at++ - *text);
	return true;
}

static bool digits(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > from;
}

static bool next_is(const struct scan *s, const char *any)
{
	return s->at < s->end && *s->at != '\0' && strchr(any, *s->at) != NULL;
}

static bool scan_number(struct scan *s)
{
	if (next_is(s, "-"))
		s->at++;
	if (next_is(s, "0"))
		s->at++;
	else if (!digits(s))
		return fail(s, "not a number");
	if (next_is(s, ".")) {
		s->at++;
		if (!digits(s))
			return fail(s, "a number without digits after its point");
	}
	if (next_is(s, "eE")) {
		s->at++;
		if (next_is(s, "+-"))
			s->at++;
		if (!digits(s))
			return fail(s, "a number without digits in its exponent");
	}
	return true;
}

static bool scan_word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(s->end - s->at) >= n && memcmp(s->at, words[i], n) == 0) {
			s->at += n;
			return true;
		}
	}
	return fail(s, "expected a string, a number, true, false or null");
}

bool scan_pair(struct scan *s, struct scan_pair *pair)
{
	bool good;

	if (take(s, '}'))
		return false;
	if (s->in_object && !take(s, ','))
		return fail(s, "expected ',' or '}' after a value");
	s->in_object = true;
	if (!scan_string(s, &pair->key, &pair->key_len))
		return false;
	if (!take(s, ':'))
		return fail(s, "expected ':' after a name");
	char c = peek(s);

	if (c == '"') {
		pair->kind = SCAN_STRING;
		return scan_string(s, &pair->value, &pair->value_len);
	}
	pair->value = s->at;
	pair->kind = c == '-' || (c >= '0' && c <= '9') ? SCAN_NUMBER : SCAN_WORD;
	good = pair->kind == SCAN_NUMBER ? scan_number(s) : scan_word(s);
	pair->value_len = (size_t)(s->at - pair->value);
	return good;
}
