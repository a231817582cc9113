/* SPDX-License-Identifier: MIT */
/* Decimal numbers as text: the digits that the exchange sent are the value, a double never sees
 * them.
 *
 * A *token* is a JSON number (RFC 8259: -? int frac? exp?). A *plain decimal* is a token without
 * exponent, at most DECIMAL_MAX characters: the form of our messages and of numeric's input. */
#ifndef GAPLESS_DECIMAL_H
#define GAPLESS_DECIMAL_H

#include <stddef.h>

enum { DECIMAL_MAX = 63, DECIMAL_BYTES = DECIMAL_MAX + 1 };

/* ASCII, whatever the locale. */
static inline int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of the JSON number token at the start of text, 0 if there is none. Strict: no leading
 * zeros, no "1.", no ".5", no "+1". It does not look at what follows the token. */
size_t decimal_token(const char *text, size_t len);

/* The same of a token without exponent. */
size_t decimal_plain_token(const char *text, size_t len);

/* Writes a token out plainly: digits unchanged where there is no exponent, else the same value
 * without it and without inventing or dropping digits ("6.2E-7" -> "0.00000062", "1.50e1" ->
 * "15.0", "1e2" -> "100"). The whole of text[0..len) must be one token. Returns 0, or -1: not a
 * token, or longer than DECIMAL_MAX characters. */
int decimal_plain(const char *text, size_t len, char out[DECIMAL_BYTES])
	__attribute__((warn_unused_result));

/* 1 if text is a plain decimal of 1 to DECIMAL_MAX characters. */
int decimal_is_plain(const char *text);

/* Compares two plain decimals as numbers ("1.0" equals "1.00", "-0" equals "0"): <0, 0, >0. */
int decimal_compare(const char *a, const char *b);

#endif
