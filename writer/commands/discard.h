/* SPDX-License-Identifier: MIT */
/* gapless-writer discard: removes rows that no final read has confirmed. */
#ifndef GAPLESS_DISCARD_H
#define GAPLESS_DISCARD_H

/* Prints to stdout what was removed of each series; returns the exit code. */
int discard_run(const void *options);

#endif
