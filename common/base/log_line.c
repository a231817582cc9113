/* SPDX-License-Identifier: MIT */
#include "common/base/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text/timetext.h"
#include "common/text/utf8.h"

enum {
	VALUE_BYTES = 400,
	END_BYTES = 48,
	NUMBER_BYTES = TIMETEXT_BYTES + 24,
	ESCAPED_BYTES = 8 /* "\u202e" */
};

/* Years 0001 to 9999: what timetext.h can write. */
static const int64_t oldest_ms = INT64_C(-62135596800000), youngest_ms = INT64_C(253402300799999);

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_colours[] = {"\033[90m", "\033[32m", "\033[33m", "\033[1;31m"};
static const char faint[] = "\033[90m", plain[] = "\033[0m";

/* What is written as a backslash and a letter; the rest that is not visible as \xHH, or as JSON
 * has it. */
struct escapes {
	const char *special, *letters;
	int are_json;
};
static const struct escapes quoted = {"\n\r\t\"\\", "nrt\"\\", 0};
static const struct escapes json = {"\n\r\t\"\\", "nrt\"\\", 1};
/* A sentence has no quotes around it, so those in it stay as they are. */
static const struct escapes sentence = {"\n\r\t\\", "nrt\\", 0};

/* Appends all of it or nothing; room for the end of the line always stays. */
static int put(struct log_line *l, const char *text, size_t n)
{
	if (l->cut || n > sizeof(l->text) - END_BYTES - l->len) {
		l->cut = 1;
		return -1;
	}
	memcpy(l->text + l->len, text, n);
	l->len += n;
	return 0;
}

static void put_text(struct log_line *l, const char *text)
{
	put(l, text, strlen(text));
}

/* Writes the character that s[0..n) begins with, escaped where needed, to out; returns what it used
 * of s. */
static size_t escape(const struct escapes *e, const char *s, size_t n, char out[ESCAPED_BYTES],
		     size_t *out_len)
{
	const char *found = *s ? strchr(e->special, *s) : NULL;
	uint32_t code = 0;
	size_t used = utf8_next(s, n, &code);
	int len;

	if (found) {
		used = 1;
		len = snprintf(out, ESCAPED_BYTES, "\\%c", e->letters[found - e->special]);
	} else if (utf8_visible(s, n) > 0) {
		memcpy(out, s, used);
		len = (int)used;
	} else if (e->are_json) {
		/* U+FFFD stands for bytes that are no character; all that is not visible is below
		 * U+10000. */
		len = snprintf(out, ESCAPED_BYTES, "\\u%04x", used ? code & 0xffff : 0xfffd);
	} else {
		used = 1;
		len = snprintf(out, ESCAPED_BYTES, "\\x%02x", (unsigned char)*s);
	}
	*out_len = (size_t)len;
	return used ? used : 1;
}

/* At most VALUE_BYTES of it, and no half character. */
static void put_escaped(struct log_line *l, const char *text, const struct escapes *escapes)
{
	size_t n = strnlen(text, VALUE_BYTES + 1), used, out_len;
	char out[ESCAPED_BYTES];

	for (size_t i = 0; i < n; i += used) {
		used = escape(escapes, text + i, strnlen(text + i, 4), out, &out_len);
		if (i + used > VALUE_BYTES) {
			put_text(l, "...");
			break;
		}
		put(l, out, out_len);
	}
}

static void put_quoted(struct log_line *l, const char *text, const struct escapes *escapes)
{
	put_text(l, "\"");
	put_escaped(l, text, escapes);
	put_text(l, "\"");
}

/* ---- logfmt ---- */

static int needs_quotes(const char *text)
{
	size_t n = strnlen(text, VALUE_BYTES + 1);

	if (n == 0 || n > VALUE_BYTES)
		return 1;
	for (size_t i = 0, step; i < n; i += step) {
		step = utf8_visible(text + i, n - i);
		if (step == 0 || strchr(" =\"\\", text[i]))
			return 1;
	}
	return 0;
}

/* Is it a moment that can be written as one? */
static int is_time(const struct log_field *f)
{
	return f->type == LOG_TIME && f->number >= oldest_ms && f->number <= youngest_ms;
}

static const char *number_text(const struct log_field *f, char out[NUMBER_BYTES])
{
	if (is_time(f) && f->number % 1000)
		time_format_ms(f->number, out);
	else if (is_time(f))
		time_format(f->number, out);
	else
		snprintf(out, NUMBER_BYTES, "%" PRId64, f->number);
	return out;
}

static void put_value(struct log_line *l, const struct log_field *f)
{
	const char *text = f->text ? f->text : "";
	char number[NUMBER_BYTES];

	if (f->type == LOG_STR && needs_quotes(text))
		put_quoted(l, text, &quoted);
	else if (f->type == LOG_STR)
		put_text(l, text);
	else if (f->type == LOG_TIME && f->number == INT64_MIN)
		put_text(l, "none");
	else
		put_text(l, number_text(f, number));
}

static void logfmt_head(struct log_line *l, const struct log_event *e, const char *now)
{
	char head[256];

	snprintf(head, sizeof(head), "ts=%s level=%s program=%.100s msg=", now,
		 level_names[e->level], e->program);
	put_text(l, head);
	put_quoted(l, e->msg, &quoted);
}

static void logfmt_field(struct log_line *l, const struct log_field *f)
{
	put_text(l, " ");
	put_text(l, f->key);
	put_text(l, "=");
	put_value(l, f);
}

/* ---- for a person at a terminal ---- */

static void coloured(struct log_line *l, const char *colour, const char *text)
{
	if (l->style->colours)
		put_text(l, colour);
	put_text(l, text);
	if (l->style->colours)
		put_text(l, plain);
}

static void terminal_head(struct log_line *l, const struct log_event *e, const char *now)
{
	static const char ours[] = "gapless-";
	const char *name = e->program;
	char text[128];

	if (strncmp(name, ours, sizeof(ours) - 1) == 0)
		name += sizeof(ours) - 1;
	coloured(l, faint, now + strlen("2026-01-02T"));
	put_text(l, " ");
	snprintf(text, sizeof(text), "%-5s", level_names[e->level]);
	coloured(l, level_colours[e->level], text);
	snprintf(text, sizeof(text), " %.100s: ", name);
	put_text(l, text);
	put_escaped(l, e->msg, &sentence);
	if (e->fields && e->fields->type != LOG_END)
		put_text(l, " ");
}

static void terminal_field(struct log_line *l, const struct log_field *f)
{
	char key[128];

	snprintf(key, sizeof(key), "%.120s=", f->key);
	put_text(l, " ");
	coloured(l, faint, key);
	put_value(l, f);
}

/* ---- JSON ---- */

static void json_head(struct log_line *l, const struct log_event *e, const char *now)
{
	char head[256];

	snprintf(head, sizeof(head), "{\"ts\":\"%s\",\"level\":\"%s\",\"program\":\"%.100s\",", now,
		 level_names[e->level], e->program);
	put_text(l, head);
	put_text(l, "\"msg\":");
	put_quoted(l, e->msg, &json);
}

static void json_field(struct log_line *l, const struct log_field *f)
{
	char number[NUMBER_BYTES];

	put_text(l, ",\"");
	put_text(l, f->key);
	put_text(l, "\":");
	if (f->type == LOG_STR)
		put_quoted(l, f->text ? f->text : "", &json);
	else if (is_time(f))
		put_quoted(l, number_text(f, number), &json);
	else if (f->type == LOG_TIME && f->number == INT64_MIN)
		put_text(l, "null");
	else
		put_text(l, number_text(f, number));
}

/* ---- the line ---- */

struct shape {
	void (*head)(struct log_line *l, const struct log_event *e, const char *now);
	void (*field)(struct log_line *l, const struct log_field *f);
	const char *cut, *lost, *end; /* "lost" is followed by the number */
};

static const struct shape shapes[] = {
	[LOG_AUTO] = {logfmt_head, logfmt_field, " cut=1", " lost_lines=", "\n"},
	[LOG_LOGFMT] = {logfmt_head, logfmt_field, " cut=1", " lost_lines=", "\n"},
	[LOG_TERMINAL] = {terminal_head, terminal_field, " cut=1", " lost_lines=", "\n"},
	[LOG_JSON] = {json_head, json_field, ",\"cut\":1", ",\"lost_lines\":", "}\n"},
};

void log_line_begin(struct log_line *l, const struct log_style *style, const struct log_event *e)
{
	const struct shape *shape = &shapes[style->format];
	char now[TIMETEXT_BYTES];
	size_t before;

	l->style = style;
	l->len = 0;
	l->cut = 0;
	if (style->over_line)
		put_text(l, "\r\033[K");
	time_format_ms(e->wall_ms, now);
	shape->head(l, e, now);
	for (const struct log_field *f = e->fields; f && f->type != LOG_END && !l->cut; f++) {
		before = l->len;
		shape->field(l, f);
		if (l->cut)
			l->len = before; /* no half field */
	}
}

void log_line_end(struct log_line *l, int64_t lost)
{
	const struct shape *shape = &shapes[l->style->format];
	char *at = l->text + l->len, *end = l->text + sizeof(l->text);

	if (l->cut)
		at = stpcpy(at, shape->cut);
	if (lost)
		at += snprintf(at, (size_t)(end - at), "%s%" PRId64, shape->lost, lost);
	at = stpcpy(at, shape->end);
	l->len = (size_t)(at - l->text);
}
