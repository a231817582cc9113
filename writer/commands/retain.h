/* SPDX-License-Identifier: MIT */
/* gapless-writer retain: gives up what is older than it is to be kept. */
#ifndef GAPLESS_RETAIN_H
#define GAPLESS_RETAIN_H

/* Until everything that is given up is gone, in small transactions; prints to stdout what became of
 * each series; returns the exit code. */
int retain_run(const void *options);

#endif
