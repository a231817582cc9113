/* SPDX-License-Identifier: MIT */
/* The message as bytes. Writing needs no escapes, as nothing that passes message_validate()
 * contains a character that JSON would escape.
 *
 * Nearly every message is byte for byte what message_encode() writes. Those are read by a scan of
 * these bytes, whatever else comes by the JSON parser (candle_json.c), which costs ten times as
 * much. The two cannot disagree: encoder and scan walk the same table, and the scan takes a value
 * only in the one form in which the encoder writes it. */
#include <endian.h>
#include <string.h>

#include "common/candle/candle_fields.h"
#include "common/text/decimal.h"

/* ---- writing */

enum { DIGITS_MAX = 20, ENCODED_MAX = 1024 }; /* of an int64_t; of a message: about 850 */

static char *put(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

static char *put_int64(char *at, int64_t value)
{
	char digits[DIGITS_MAX], *first = digits + DIGITS_MAX;
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		*--first = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		*--first = '-';
	return put(at, first, (size_t)(digits + DIGITS_MAX - first));
}

static char *put_field(char *at, const struct field *f, const struct message *m)
{
	const void *member = (const char *)m + f->offset;

	at = put(at, f->lead, f->lead_bytes);
	switch (f->kind) {
	case FIELD_INT64:
		return put_int64(at, *(const int64_t *)member);
	case FIELD_TEXT:
	case FIELD_DECIMAL:
		at = stpcpy(at, member);
		break;
	case FIELD_INTERVAL:
		at = stpcpy(at, (*(const struct interval *const *)member)->name);
		break;
	case FIELD_ORIGIN:
		at = stpcpy(at, origin_name(*(const enum origin *)member));
		break;
	}
	return put(at, "\"", 1);
}

int message_encode(const struct message *m, struct buf *out)
{
	char text[ENCODED_MAX], *at = stpcpy(text, MESSAGE_HEAD);

	for (const struct field *f = field_table; f < field_table + FIELDS; f++)
		at = put_field(at, f, m);
	at = stpcpy(at, MESSAGE_TAIL);
	return buf_append(out, text, (size_t)(at - text));
}

/* ---- reading what was written so */

struct scan {
	const char *at, *end;
};

static uint64_t eight(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* By words, of which the last two may overlap: a call of memcmp() costs more. */
static int is_same(const char *a, const char *b, size_t len)
{
	size_t at = 0;

	if (len < sizeof(uint64_t))
		return memcmp(a, b, len) == 0;
	for (; at + sizeof(uint64_t) < len; at += sizeof(uint64_t)) {
		if (eight(a + at) != eight(b + at))
			return 0;
	}
	at = len - sizeof(uint64_t);
	return eight(a + at) == eight(b + at);
}

static int pass(struct scan *s, const char *text, size_t len)
{
	if ((size_t)(s->end - s->at) < len || !is_same(s->at, text, len))
		return -1;
	s->at += len;
	return 0;
}

/* Up to the quote, which is passed. Nothing that would end the text early or stand for something
 * else: printable ASCII without escapes. */
static int scan_text(struct scan *s, char *out, size_t bytes)
{
	const char *end = (size_t)(s->end - s->at) > bytes ? s->at + bytes : s->end;

	for (; s->at < end; s->at++) {
		if (*s->at == '"') {
			*out = 0;
			s->at++;
			return 0;
		}
		if (*s->at < ' ' || *s->at > '~' || *s->at == '\\')
			return -1;
		*out++ = *s->at;
	}
	return -1;
}

/* A plain decimal without sign, up to the quote. */
static int scan_decimal(struct scan *s, char *out)
{
	size_t left = (size_t)(s->end - s->at),
	       len = decimal_plain_token(s->at, left < DECIMAL_MAX ? left : DECIMAL_MAX);

	if (len == 0 || len == left || *s->at == '-' || s->at[len] != '"')
		return -1;
	memcpy(out, s->at, len);
	out[len] = 0;
	s->at += len + 1;
	return 0;
}

/* The number that eight digits make, all at once: by pairs, then by fours. -1: they are not that.
 */
static int64_t eight_digits(const char *bytes)
{
	uint64_t d = le64toh(eight(bytes)) ^ UINT64_C(0x3030303030303030);

	if (((d | (d + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080)) != 0)
		return -1;
	d = (d * 10 + (d >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	d = (d * 100 + (d >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (int64_t)((d & 0xffff) * 10000 + (d >> 32));
}

/* Without sign, leading zeros or more digits than surely fit. */
static int scan_int64(struct scan *s, int64_t *out)
{
	const char *start = s->at, *end = s->end - start > 18 ? start + 18 : s->end;
	int64_t value = end - start < 8 ? -1 : eight_digits(start);

	if (value >= 0)
		s->at += 8;
	else
		value = 0;
	for (; s->at < end && *s->at >= '0' && *s->at <= '9'; s->at++)
		value = value * 10 + (*s->at - '0');
	*out = value;
	return s->at == start || (*start == '0' && s->at - start > 1) ? -1 : 0;
}

static int scan_interval(struct scan *s, const struct interval **out)
{
	char name[8];

	if (scan_text(s, name, sizeof name) != 0)
		return -1;
	*out = interval_by_name(name);
	return *out ? 0 : -1;
}

static int scan_origin(struct scan *s, enum origin *out)
{
	char name[16];

	return scan_text(s, name, sizeof name) != 0 ? -1 : origin_by_name(name, out);
}

static int scan_field(struct scan *s, const struct field *f, struct message *m)
{
	void *member = (char *)m + f->offset;

	if (pass(s, f->lead, f->lead_bytes) != 0)
		return -1;
	switch (f->kind) {
	case FIELD_INT64:
		return scan_int64(s, member);
	case FIELD_TEXT:
		return scan_text(s, member, f->bytes);
	case FIELD_DECIMAL:
		return scan_decimal(s, member);
	case FIELD_INTERVAL:
		return scan_interval(s, member);
	case FIELD_ORIGIN:
		return scan_origin(s, member);
	}
	return -1;
}

int message_read_own(const char *value, size_t len, struct message *out)
{
	struct scan s = {value, value + len};

	if (pass(&s, MESSAGE_HEAD, sizeof MESSAGE_HEAD - 1) != 0)
		return -1;
	for (const struct field *f = field_table; f < field_table + FIELDS; f++) {
		if (scan_field(&s, f, out) != 0)
			return -1;
	}
	return pass(&s, MESSAGE_TAIL, sizeof MESSAGE_TAIL - 1) != 0 || s.at != s.end ? -1 : 0;
}

enum message_result message_decode(const char *value, size_t len, struct message *out,
				   struct err *err)
{
	enum message_result result = MESSAGE_OK;
	int own = message_read_own(value, len, out) == 0;

	if (!own)
		result = message_read_json(value, len, out, err);
	if (result == MESSAGE_OK &&
	    (own ? message_validate_frame(out, err) : message_validate(out, err)) != 0)
		result = MESSAGE_BAD;
	return result;
}
