/* SPDX-License-Identifier: MIT */
/* gapless-indicators' work: the loop between its parts (process.h).
 *
 *   feed -> ingest -> windows -> output -> commits -> commit of the offsets
 *             ^          ^
 *          loader      repair          from the tables, by the reader
 *
 * An offset is committed when everything that came of its message is acknowledged. Whatever goes
 * wrong on the way leads to the same place: forget what is in memory, begin again from what is
 * committed. */
#ifndef GAPLESS_INDICATORS_SERVE_H
#define GAPLESS_INDICATORS_SERVE_H

#include "options.h"

/* Runs until a signal or until it needs a person; returns the exit code. Stop handling is
 * installed. */
int serve(const struct options *o);

#endif
