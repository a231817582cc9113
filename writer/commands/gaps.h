/* SPDX-License-Identifier: MIT */
/* gapless-writer gaps: prints what is wanted, due and not covered. */
#ifndef GAPLESS_GAPS_H
#define GAPLESS_GAPS_H

enum { EXIT_GAPS = 1, EXIT_NOTHING_WANTED = 5 };

/* Prints to stdout; returns the exit code: 0 if there is no gap, whatever is unobtainable or
 * unconfirmed, EXIT_GAPS if there are, EXIT_NOTHING_WANTED if no producer has ever said what is
 * wanted, 2 if that could not be found out. */
int gaps_run(const void *options);

#endif
