/* SPDX-License-Identifier: MIT */
/* gapless-writer end: ends what is wanted of markets that nobody collects any more. */
#ifndef GAPLESS_END_H
#define GAPLESS_END_H

/* Prints to stdout what was ended; with --purge removes rows and coverage as well; returns the exit
 * code. */
int end_run(const void *options);

#endif
