/* SPDX-License-Identifier: MIT */
/* gapless-writer, and gapless-writer replay: the same loop, each with its own feed and cursor. */
#ifndef GAPLESS_RUN_H
#define GAPLESS_RUN_H

/* Wait for the database, then run until a signal, until all is replayed, or until it needs a
 * person. Return the exit code; of a replay 1 if it stopped before its end. */
int run_live(const void *options);
int run_replay(const void *options);

#endif
