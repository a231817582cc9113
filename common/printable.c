/* SPDX-License-Identifier: MIT */
#include "printable.h"

#include <stddef.h>
#include <string.h>

const char *printable(const char *text, char out[PRINTABLE_BYTES])
{
	enum { KEPT = PRINTABLE_BYTES - 4 };
	size_t n = strnlen(text, KEPT);

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	memcpy(out + n, text[n] ? "..." : "", text[n] ? 4 : 1);
	return out;
}
