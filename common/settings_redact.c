/* SPDX-License-Identifier: MIT */
/* Passwords in text that a person gave us, hidden before it is shown. Where a text is ambiguous or
 * broken, more is hidden rather than less: a broken conninfo is the one that ends up in a log. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "settings.h"

static const char hidden[] = "***";

struct out {
	char *text;
	size_t len;
};

static void add(struct out *o, const char *from, const char *end)
{
	size_t n = (size_t)(end - from);

	o->text = xreallocarray(o->text, o->len + n + 1, 1);
	memcpy(o->text + o->len, from, n);
	o->len += n;
	o->text[o->len] = 0;
}

static void add_hidden(struct out *o)
{
	add(o, hidden, hidden + sizeof(hidden) - 1);
}

/* libpq's keywords that hold a secret (documentation of PostgreSQL, "Parameter Key Words"; the last
 * ones are of 18). */
static int is_password(const char *name, size_t n)
{
	static const char *const names[] = {
		"password",         "sslpassword",      "passwd", "oauth_client_secret",
		"scram_client_key", "scram_server_key",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i]) == n && strncasecmp(names[i], name, n) == 0)
			return 1;
	}
	return 0;
}

/* librdkafka's: *.password, sasl.*, ssl.key.* */
static int is_secret_property(const char *name, size_t n)
{
	static const char tail[] = ".password";
	const size_t t = sizeof(tail) - 1;

	return (n > t && strncasecmp(name + n - t, tail, t) == 0) ||
	       (n > 5 && strncasecmp(name, "sasl.", 5) == 0) ||
	       (n > 8 && strncasecmp(name, "ssl.key.", 8) == 0);
}

/* ---- scheme://user:password@host/path?password=x&... ---- */

/* Where "?name=" begins, or the end. */
static const char *query_start(const char *s)
{
	const char *q = s;

	for (q += strcspn(q, "?"); *q; q++, q += strcspn(q, "?")) {
		if (q[1 + strcspn(q + 1, "=@/&")] == '=')
			break;
	}
	return q;
}

/* The '@' that ends user and password, NULL if there is none. libpq takes the first one before a
 * '/', whatever stands before it; but people forget to encode '@', '/', '?' and '#' inside a
 * password, so further ones count as well, up to the query. */
static const char *user_end(const char *s)
{
	const char *last = NULL, *at = s, *further;

	while (*(at += strcspn(at, "@/")) == '@')
		last = at++;
	at = last ? last + 1 : s;
	further = memrchr(at, '@', (size_t)(query_start(at) - at));
	return further ? further : last;
}

static int from_hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* libpq decodes names too: "pass%77ord" is the password. */
static int is_encoded_password(const char *name, size_t n)
{
	char plain[32];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (len == sizeof(plain))
			return 0;
		if (name[i] == '%' && i + 2 < n && isxdigit((unsigned char)name[i + 1]) &&
		    isxdigit((unsigned char)name[i + 2])) {
			plain[len++] = (char)(from_hex(name[i + 1]) * 16 + from_hex(name[i + 2]));
			i += 2;
		} else {
			plain[len++] = name[i];
		}
	}
	return is_password(plain, len);
}

static void add_value(struct out *o, const char *from, const char *end);

static void redact_query(struct out *o, const char *p)
{
	while (*p) {
		const char *end = p + strcspn(p, "&");
		const char *equals = memchr(p, '=', (size_t)(end - p));

		if (equals && is_encoded_password(p, (size_t)(equals - p))) {
			add(o, p, equals + 1);
			add_hidden(o);
		} else {
			add_value(o, p, end);
		}
		if (*end)
			add(o, end, end + 1);
		p = end + (*end != 0);
	}
}

static void redact_uri(struct out *o, const char *p)
{
	const char *scheme, *query;

	while ((scheme = strstr(p, "://")) && scheme < query_start(p)) {
		const char *user = scheme + 3, *end = user_end(user);
		const char *colon = end ? memchr(user, ':', (size_t)(end - user)) : NULL;

		if (colon) {
			add(o, p, colon + 1);
			add_hidden(o);
			p = end;
		} else {
			add(o, p, user);
			p = user;
		}
	}
	query = query_start(p);
	add(o, p, query);
	if (*query) {
		add(o, query, query + 1);
		redact_query(o, query + 1);
	}
}

/* A value may itself be a URI: that of a proxy, or a conninfo as dbname. */
static void add_value(struct out *o, const char *from, const char *end)
{
	char *value = xstrdup(from);

	value[end - from] = 0;
	if (strstr(value, "://"))
		redact_uri(o, value);
	else
		add(o, from, end);
	free(value);
}

/* ---- key=value key='va\'lue' ---- */

static const char *value_end(const char *p)
{
	if (*p == '\'') {
		for (p++; *p && *p != '\''; p++) {
			if (*p == '\\' && p[1])
				p++;
		}
		return *p ? p + 1 : p;
	}
	for (; *p && !isspace((unsigned char)*p); p++) {
		if (*p == '\\' && p[1])
			p++;
	}
	return p;
}

static void redact_pairs(struct out *o, const char *p)
{
	int secret_before = 0;

	while (*p) {
		const char *name = p + strspn(p, " \t\r\n\f\v"), *name_end, *value, *end;

		add(o, p, name);
		name_end = name + strcspn(name, "= \t\r\n\f\v");
		value = name_end + strspn(name_end, " \t\r\n\f\v");
		if (*value != '=') {
			/* A word alone: after a password, the rest of one that was not quoted. */
			if (secret_before && name_end > name)
				add_hidden(o);
			else
				add(o, name, name_end);
			p = name_end;
			continue;
		}
		value++;
		if (is_secret_property(name, (size_t)(name_end - name))) {
			add(o, name, value);
			add_hidden(o);
			return;
		}
		value += strspn(value, " \t\r\n\f\v");
		add(o, name, value);
		end = value_end(value);
		secret_before = is_password(name, (size_t)(name_end - name));
		if (secret_before)
			add_hidden(o);
		else
			add_value(o, value, end);
		p = end;
	}
}

char *settings_redact(const char *text)
{
	struct out o = {.text = xcalloc(1, 1), .len = 0};
	const char *scheme = strstr(text, "://");

	if (scheme && scheme < text + strcspn(text, "= "))
		redact_uri(&o, text);
	else
		redact_pairs(&o, text);
	return o.text;
}
