/* SPDX-License-Identifier: MIT */
/* How much of a foreign text may stand in a sentence: ASCII, one line, short. A sentence ends up in
 * the log and, as the reason of a dead letter, in the database, which refuses half a UTF-8
 * character. */
#ifndef GAPLESS_PRINTABLE_H
#define GAPLESS_PRINTABLE_H

enum { PRINTABLE_BYTES = 68 };

/* Copies the first 64 bytes of text with everything but printable ASCII replaced by '?'; "..." ends
 * one that was cut. Returns out. */
const char *printable(const char *text, char out[PRINTABLE_BYTES]);

#endif
