/* SPDX-License-Identifier: MIT */
/* Exact decimals: integers with a fixed number of decimals, and their text as Upbit writes it.
 *
 * Recorded answers carry 8 decimals (46825000.00000000), more where the value has more (16:
 * 306095.1228293561797048, 860743.5307100000000000), and the exponent form for values under a
 * millionth, as Java's BigDecimal prints them (6.2E-7). */
#ifndef EXCHANGE_DECIMAL_H
#define EXCHANGE_DECIMAL_H

#include <stddef.h>

typedef __int128 wide;

#define DECIMAL_SIZE    72 /* bytes that hold any token of ours, its end included */
#define PRICE_DECIMALS  8  /* prices are counted in 1e-8 */
#define VOLUME_DECIMALS 12
#define QUOTE_DECIMALS  20 /* price times volume, exactly */
#define WIDE_1E4        ((wide)10000)
#define WIDE_1E8        ((wide)100000000)
#define WIDE_1E12       ((wide)1000000000000)

/* The token of value / 10^decimals (decimals: 8, 12, 16 or 20): 8 decimals where that is exact,
 * else 16 where that is, else all. Returns the length. */
size_t decimal_format(char out[DECIMAL_SIZE], wide value, unsigned decimals);

/* The same number without an exponent: 6.2E-7 becomes 0.00000062; a token without one is copied.
 * The token is a JSON number. Returns 0, or -1 if it does not fit (or has an exponent beyond
 * +-500). */
int decimal_plain(char *out, size_t size, const char *token);

#endif
