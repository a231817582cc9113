/* SPDX-License-Identifier: MIT */
/* gapless-writer settle: says of a span that it is not available, so that it is no gap any more. */
#ifndef GAPLESS_SETTLE_H
#define GAPLESS_SETTLE_H

/* Prints to stdout what was settled of each series; `forget` takes it back. Returns the exit code.
 */
int settle_run(const void *options);

#endif
