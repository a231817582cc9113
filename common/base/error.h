/* SPDX-License-Identifier: MIT */
/* An error is a class, which decides what the caller does, and one complete sentence for a person.
 * The callee describes, the caller decides; only a main.c exits. */
#ifndef GAPLESS_ERROR_H
#define GAPLESS_ERROR_H

enum err_class {
	ERR_NONE = 0,
	ERR_RETRY, /* transient: the same call may succeed later */
	ERR_INPUT, /* this piece of input is bad; others are not concerned */
	ERR_FATAL, /* needs a person: settings, schema, privileges, a broken invariant */
};

struct err {
	enum err_class class;
	char text[512]; /* valid UTF-8 */
};

/* Fills *e (NULL is allowed) and returns -1, so that `return err_set(...)` reads well. An over-long
 * text is cut, at a character; bytes that are not UTF-8 become '?'. */
int err_set(struct err *e, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void err_clear(struct err *e);

#endif
