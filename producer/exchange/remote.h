/* SPDX-License-Identifier: MIT */
/* What a remote server sent: its body as strict JSON, and its words in our sentences. Pure. */
#ifndef GAPLESS_REMOTE_H
#define GAPLESS_REMOTE_H

#include <stddef.h>

#include "common/base/error.h"

struct cJSON;

enum { REMOTE_TEXT_BYTES = 164 }; /* 160 bytes of text, "..." and the final 0 */

/* 1 if it is nothing at all or HTML: not the exchange's words but those of something between (*err,
 * ERR_INPUT). */
int remote_is_foreign(const char *body, size_t len, struct err *err);

/* One JSON value (RFC 8259, UTF-8 without a byte order mark) and nothing after it, numbers marked
 * and quoted (common/text/jsonnum.h). NULL: *err (ERR_INPUT). The caller owns the value
 * (cJSON_Delete).
 */
struct cJSON *remote_json(const char *body, size_t len, struct err *err)
	__attribute__((warn_unused_result));

/* Text fit for a sentence and a log line: control characters and broken UTF-8 become '?', runs of
 * white space one space, double quotes single ones; cut, with "..." at its end, where it does not
 * fit. Returns out. */
char *remote_text(const char *text, size_t len, char out[REMOTE_TEXT_BYTES]);

/* The message of an error object, {"error":{"name":...,"message":"..."}} (its name, a number or a
 * string, where there is no message). NULL if value is no error object. The text belongs to the
 * value and is as it was sent. */
const char *remote_error(const struct cJSON *value);

/* As remote_json, of what has to be an array: of `what`, "a list of markets". One object of it that
 * is broken (NaN, a quote too many) does not cost the others: where no more than half of them are,
 * each stands as a cJSON_Raw whose text says what is wrong with it. */
struct cJSON *remote_array(const char *body, size_t len, const char *what, struct err *err)
	__attribute__((warn_unused_result));

#endif
