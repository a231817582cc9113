/* SPDX-License-Identifier: MIT */
/* gapless-writer forget: takes the coverage of a span back, so that the producer fetches it again.
 * The rows stay. */
#ifndef GAPLESS_FORGET_H
#define GAPLESS_FORGET_H

/* One transaction; prints to stdout what was forgotten of each series; returns the exit code. */
int forget_run(const void *options);

#endif
