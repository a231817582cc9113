/* SPDX-License-Identifier: MIT */
/* Lists as people write them: words separated by commas or white space. Pure. */
#ifndef GAPLESS_WORDS_H
#define GAPLESS_WORDS_H

#include <stddef.h>

/* Copies the next word of the list to `word` (cut to cap - 1 bytes) and returns where the list goes
 * on; NULL at its end. */
const char *word_next(const char *list, char *word, size_t cap);

#endif
