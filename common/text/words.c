/* SPDX-License-Identifier: MIT */
#include "common/text/words.h"

#include <string.h>

static const char separators[] = ", \t\r\n";

const char *word_next(const char *list, char *word, size_t cap)
{
	size_t len, kept;

	list += strspn(list, separators);
	len = strcspn(list, separators);
	if (len == 0)
		return NULL;
	kept = len < cap ? len : cap - 1;
	memcpy(word, list, kept);
	word[kept] = 0;
	return list + len;
}
