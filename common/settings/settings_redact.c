/* SPDX-License-Identifier: MIT */
/* Passwords in text that a person gave us, hidden before it is shown. What libpq takes for a
 * conninfo is taken apart by libpq. Elsewhere, and where a text is ambiguous or broken, more is
 * hidden rather than less: a broken conninfo is the one that ends up in a log. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings/settings_redact.h"

#include "common/base/alloc.h"

static const char hidden[] = "***";

/* In the names of librdkafka's and libpq's secrets: *password, passwd, *secret, scram_*_key,
 * sasl.*, ssl.key.* */
static int mentions_secret(const char *text)
{
	static const char *const words[] = {"passw", "secret", "scram_", "sasl.", "ssl.key."};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasestr(text, words[i]))
			return 1;
	}
	return 0;
}

/* "user=me password=*** host='a b'"; NULL: not a conninfo, or a URI with a password whose
 * special characters are not encoded: libpq then takes a part of it for something else. */
static char *redact_conninfo(const char *text)
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);
	int is_uri = strncmp(text, "postgres", 8) == 0, ambiguous = 0;
	char *out = NULL;
	size_t len;
	FILE *to = options ? open_memstream(&out, &len) : NULL;

	for (const PQconninfoOption *o = options; to && o->keyword; o++) {
		const char *value = o->val, *quote;

		if (!value)
			continue;
		if (*o->dispchar != '*' &&
		    (strchr(value, '@') ||
		     (strcmp(o->keyword, "port") == 0 && value[strspn(value, "0123456789,")]))) {
			ambiguous = is_uri;
			value = hidden;
		}
		if (*o->dispchar == '*')
			value = hidden;
		quote = *value && !strchr(value, ' ') ? "" : "'";
		fprintf(to, "%s%s=%s%s%s", ftell(to) ? " " : "", o->keyword, quote, value, quote);
	}
	PQconninfoFree(options);
	if (to)
		fclose(to);
	if (!ambiguous)
		return out;
	free(out);
	return strchr(text, '@') ? NULL : xstrdup(hidden);
}

/* scheme://user:password@host: up to the last '@', since people forget to encode one. */
static char *redact_user(const char *text)
{
	const char *scheme = strstr(text, "://"), *at = scheme ? strrchr(scheme, '@') : NULL;
	char *out;

	if (!at)
		return xstrdup(text);
	if (asprintf(&out, "%.*s%s%s", (int)(scheme + 3 - text), text, hidden, at) < 0)
		return xstrdup(hidden);
	return out;
}

char *settings_redact(const char *text)
{
	const char *equals = strchr(text, '='), *query = strchr(text, '?');
	char *out = equals || strstr(text, "://") ? redact_conninfo(text) : NULL;

	if (out)
		return out;
	if (!mentions_secret(text) && !(query && strchr(query, '%'))) /* libpq decodes names, too */
		return redact_user(text);
	out = xstrdup(text);
	if (equals) {
		out[equals - text] = 0;
		if (mentions_secret(out) && !strpbrk(out, ":@ ")) { /* "sasl.password" */
			out = xreallocarray(out, strlen(out) + sizeof("=***"), 1);
			memcpy(out + strlen(out), "=***", sizeof("=***"));
			return out;
		}
	}
	free(out);
	return xstrdup(hidden);
}
