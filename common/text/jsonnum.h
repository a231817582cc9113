/* SPDX-License-Identifier: MIT */
/* JSON with all the digits of its numbers, and strict: the pass that goes before cJSON.
 *
 * cJSON keeps a number as a double and loses digits (306095.1228293561797048 is a real value). So
 * each number token outside strings is put in quotes before cJSON sees the text, and `valuestring`
 * holds the digits:
 *
 *     {"v":1,"open":"1.5"}   becomes   {"v":"<JSON_NUMBER_MARK>1","open":"1.5"}
 *
 * The mark tells a number from a string afterwards: a control character, which JSON forbids inside
 * strings. The pass refuses it there, raw and as \u0001, so nothing but the pass can put it into a
 * string.
 *
 * The pass also refuses what cJSON 1.7 lets through: malformed numbers (01, 1.), raw control
 * characters and bad UTF-8 in strings, \u0000 (it would cut the string), escapes that are not
 * hexadecimal, a byte order mark. */
#ifndef GAPLESS_JSONNUM_H
#define GAPLESS_JSONNUM_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/text/buf.h"

enum {
	JSON_NUMBER_MARK = 0x01, /* first byte of the valuestring of a number */
	JSON_NUMBER_MAX = 128,   /* longest number token, in characters */
	JSON_DEPTH_MAX = 32,     /* deepest nesting of objects and arrays */
	JSON_KEYS_MAX = 64       /* most members of an object that json_check_keys() accepts */
};

struct cJSON;

/* Appends in[0..len) to *out with every number token marked and quoted and nothing else changed;
 * the structure is left for cJSON to judge. Returns -1 with an ERR_INPUT sentence that names the
 * byte (counted from 0) where something is refused, or where the result does not fit *out; *out
 * then holds a part of it. */
int json_quote_numbers(const char *in, size_t len, struct buf *out, struct err *err)
	__attribute__((warn_unused_result));

/* The pass and cJSON in one: the whole of in[0..len) must be one JSON value. `work` is scratch
 * memory, cleared first; its ceiling bounds what is accepted. Returns a tree that the caller gives
 * to cJSON_Delete(), or NULL with an ERR_INPUT sentence. */
struct cJSON *json_parse(const char *in, size_t len, struct buf *work, struct err *err)
	__attribute__((warn_unused_result));

/* 0 if no key of the object comes twice and it has at most JSON_KEYS_MAX of them, else -1 with
 * an ERR_INPUT sentence. (cJSON finds the first of two. Look keys up with
 * cJSON_GetObjectItemCaseSensitive.) */
int json_check_keys(const struct cJSON *object, struct err *err)
	__attribute__((warn_unused_result));

/* The text of a value that was a number in the input: NULL if it was anything else, or item is
 * NULL. */
const char *json_number_text(const struct cJSON *item);
/* The text of a value that was a string in the input: NULL if it was anything else, or item is
 * NULL. */
const char *json_string_text(const struct cJSON *item);
/* An exact integer: digits, perhaps a minus, no fraction, no exponent, within int64_t. Returns 0,
 * or -1. */
int json_number_int64(const struct cJSON *item, int64_t *out) __attribute__((warn_unused_result));

#endif
