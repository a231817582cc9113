/* SPDX-License-Identifier: MIT */
/* gapless-writer skip: puts one message that halts its partition into the dead letters, so that
 * writers and replays pass it. */
#ifndef GAPLESS_SKIP_H
#define GAPLESS_SKIP_H

/* Returns the exit code. */
int skip_run(const void *options);

#endif
