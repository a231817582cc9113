/* SPDX-License-Identifier: MIT */
/* A strict scanner for JSON arrays of flat objects: each value's text is handed out as it stands.
 */
#ifndef EXCHANGE_SCAN_H
#define EXCHANGE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct scan {
	const char *at, *end;
	unsigned line;
	bool in_array, in_object;
	const char *wrong; /* what is wrong, once something is */
};

enum scan_kind { SCAN_STRING, SCAN_NUMBER, SCAN_WORD };

struct scan_pair {
	const char *key,
		*value; /* not terminated; strings without their quotes, escapes as they stand */
	size_t key_len, value_len;
	enum scan_kind kind; /* of the value; SCAN_WORD: true, false, null */
};

void scan_init(struct scan *s, const char *data, size_t len);
/* The next of the array's objects begins. False: the array has ended, or s->wrong is set. */
bool scan_object(struct scan *s);
/* The next pair of the object. False: the object has ended, or s->wrong is set. */
bool scan_pair(struct scan *s, struct scan_pair *pair);

#endif
