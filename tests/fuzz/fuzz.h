/* SPDX-License-Identifier: MIT */
/* What every target shares. A target is one function that gets bytes and checks what must hold for
 * any bytes: under libFuzzer (make fuzz), and for the corpus and the regressions in the unit tests
 * (replay.c). */
#ifndef GAPLESS_FUZZ_H
#define GAPLESS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))

__attribute__((noreturn)) static inline void fuzz_failed(const char *file, int line,
							 const char *condition)
{
	fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
	abort();
}

/* The bytes that are left; what is taken behind their end is 0. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline int64_t input_number(struct input *in, int bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | input_byte(in);
	return (int64_t)value;
}

/* A line without its end, as text of its own; the caller frees. A 0 in it ends it early. */
static inline char *input_line(struct input *in)
{
	const uint8_t *end = in->left ? memchr(in->at, '\n', in->left) : NULL;
	size_t len = end ? (size_t)(end - in->at) : in->left;
	char *text = malloc(len + 1);

	CHECK(text);
	if (len)
		memcpy(text, in->at, len);
	text[len] = 0;
	in->at = end ? end + 1 : in->at + len;
	in->left -= len + (end != NULL);
	return text;
}

/* What a refusal says: of that class, a sentence, on one line. */
static inline void check_refusal(const struct err *err, enum err_class class)
{
	CHECK(err->class == class);
	CHECK(*err->text);
	for (const char *c = err->text; *c; c++)
		CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
}

#endif
