/* SPDX-License-Identifier: MIT */
#include "common/settings/settings_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/alloc.h"
#include "common/settings/settings_redact.h"
#include "common/text/timetext.h"
#include "common/text/utf8.h"

/* What lives as long as the process stays reachable from here: a leak checker then knows that it is
 * no leak. */
static void **kept;
static size_t kept_n;

static void *keep(void *p)
{
	kept = xreallocarray(kept, kept_n + 1, sizeof(*kept));
	kept[kept_n++] = p;
	return p;
}

const char *setting_variable(const char *name, char out[SETTING_NAME_BYTES])
{
	size_t n = sizeof(SETTING_PREFIX) - 1;

	memcpy(out, SETTING_PREFIX, n);
	for (const char *c = name; *c && n < SETTING_NAME_BYTES - 1; c++)
		out[n++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	out[n] = 0;
	return out;
}

static void *member(const struct setting *s, const void *settings)
{
	return (char *)(uintptr_t)settings + s->offset;
}

/* ---- from text ---- */

static int store_number(const struct setting *s, int64_t *out, const char *text, const char *from,
			struct err *err)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	char shown[PRINTABLE_BYTES];
	long long value;

	errno = 0;
	value = strtoll(text, NULL, 10);
	if (*digits && !digits[strspn(digits, "0123456789")] && !errno && value >= s->min &&
	    value <= s->max) {
		*out = value;
		return 0;
	}
	printable(s->secret ? "***" : text, shown);
	if (s->max == INT64_MAX)
		return err_set(err, ERR_FATAL,
			       "%s must be a whole number of %" PRId64 " or more, not \"%s\"", from,
			       s->min, shown);
	return err_set(err, ERR_FATAL,
		       "%s must be a whole number from %" PRId64 " to %" PRId64 ", not \"%s\"",
		       from, s->min, s->max, shown);
}

static int store_switch(const struct setting *s, int *out, const char *text, const char *from,
			struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
	char shown[PRINTABLE_BYTES];

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*out = (int)(i % 2);
			return 0;
		}
	}
	return err_set(err, ERR_FATAL,
		       "%s must be true or false (or yes, no, on, off, 1, 0), not \"%s\"", from,
		       printable(s->secret ? "***" : text, shown));
}

static int store_time(int64_t *out, const char *text, const char *from, struct err *err)
{
	char shown[PRINTABLE_BYTES];

	if (!*text) {
		*out = INT64_MIN;
		return 0;
	}
	if (time_parse_user(text, out) == 0)
		return 0;
	return err_set(
		err, ERR_FATAL,
		"%s must be a time like 2024-01-31, 2024-01-31T09:00:00 or 2024-01-31T18:00+09:00 "
		"(UTC where no zone is given), not \"%s\"",
		from, printable(text, shown));
}

void setting_list_init(struct setting_list *l, size_t n)
{
	l->v = keep(xcalloc(n + 1, sizeof(*l->v)));
	l->n = 0;
}

void setting_list_add(struct setting_list *l, const char *text)
{
	l->v[l->n++] = text;
}

static void store_list(struct setting_list *l, const char *text)
{
	char *copy = keep(xstrdup(text)), *part = copy, *to = copy;
	size_t n = 1;

	for (const char *c = text; *c; c++)
		n += *c == ';';
	setting_list_init(l, n);
	for (const char *from = copy;; from++) {
		if (from[0] == '\\' && from[1] == ';') {
			*to++ = *++from;
		} else if (*from && *from != ';') {
			*to++ = *from;
		} else {
			int last = !*from;

			*to++ = 0;
			if (*part)
				setting_list_add(l, part);
			part = to;
			if (last)
				break;
		}
	}
}

int setting_store(const struct setting *s, void *settings, const char *text, const char *from,
		  struct err *err)
{
	void *at = member(s, settings);

	switch (s->type) {
	case SETTING_TEXT:
		*(const char **)at = text;
		return 0;
	case SETTING_NUMBER:
		return store_number(s, at, text, from, err);
	case SETTING_SWITCH:
		return store_switch(s, at, text, from, err);
	case SETTING_TIME:
		return store_time(at, text, from, err);
	case SETTING_LIST:
		store_list(at, text);
		return 0;
	}
	return err_set(err, ERR_FATAL, "%s has a type that does not exist", from);
}

int setting_reset(const struct setting *s, void *settings, struct err *err)
{
	static const size_t bytes[] = {[SETTING_TEXT] = sizeof(const char *),
				       [SETTING_NUMBER] = sizeof(int64_t),
				       [SETTING_SWITCH] = sizeof(int),
				       [SETTING_TIME] = sizeof(int64_t),
				       [SETTING_LIST] = sizeof(struct setting_list)};
	void *at = member(s, settings);

	if (s->fallback)
		return setting_store(s, settings, s->fallback, s->name, err);
	memset(at, 0, bytes[s->type]);
	if (s->type == SETTING_TIME)
		*(int64_t *)at = INT64_MIN;
	return 0;
}

/* ---- to text ---- */

static char *show_list(const struct setting_list *l, int redact)
{
	size_t len = 1;
	char *out = xcalloc(1, 1);

	for (size_t i = 0; i < l->n; i++) {
		char *part = redact ? settings_redact(l->v[i]) : xstrdup(l->v[i]);
		size_t n = strlen(part);

		out = xreallocarray(out, len + n + 1, 1);
		if (i > 0)
			out[len++ - 1] = ';';
		memcpy(out + len - 1, part, n + 1);
		len += n;
		free(part);
	}
	return out;
}

static char *show(const struct setting *s, const void *settings, int redact)
{
	const void *at = member(s, settings);
	const char *text;
	char out[TIMETEXT_BYTES];
	int64_t ms;

	switch (s->type) {
	case SETTING_NUMBER:
		snprintf(out, sizeof(out), "%" PRId64, *(const int64_t *)at);
		return xstrdup(out);
	case SETTING_SWITCH:
		return xstrdup(*(const int *)at ? "true" : "false");
	case SETTING_TIME:
		ms = *(const int64_t *)at;
		return xstrdup(ms == INT64_MIN ? "" : time_format_ms(ms, out));
	case SETTING_LIST:
		return show_list(at, redact);
	case SETTING_TEXT:
		break;
	}
	text = *(const char *const *)at;
	if (!text)
		text = "";
	return redact ? settings_redact(text) : xstrdup(text);
}

char *setting_show(const struct setting *s, const void *settings)
{
	return s->secret ? xstrdup("***") : show(s, settings, 1);
}

int setting_is_default(const struct setting *s, const void *settings)
{
	union {
		const char *text;
		int64_t number;
		int on;
		struct setting_list list;
	} value = {0};
	struct setting alone = *s;
	char *a, *b;
	int same;

	alone.offset = 0;
	if (setting_reset(&alone, &value, NULL))
		return 0;
	a = show(s, settings, 0);
	b = show(&alone, &value, 0);
	same = strcmp(a, b) == 0;
	free(a);
	free(b);
	return same;
}
