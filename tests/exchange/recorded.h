/* SPDX-License-Identifier: MIT */
/* Recorded answers: pages as they came from the exchange (JSON arrays of rows, pretty-printed or
 * not), kept token for token. A number is never converted, so every digit comes out as it went in.
 */
#ifndef EXCHANGE_RECORDED_H
#define EXCHANGE_RECORDED_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row;
struct world;
struct text;
struct recorded; /* the rows of one market, by interval and start */

void recorded_free(struct recorded *r);
/* Reads a file, or every *.json of a directory. A market named there loses its generated candles:
 * the rows of the files are all that it has. False: `error` is one sentence. */
bool recorded_load(struct world *w, const char *path, struct text *error);
/* Call after the last recorded_load: sorts, drops rows that came twice. False where one came twice
 * and differs. */
bool recorded_finish(struct world *w, struct text *error);

/* A row shows once its last trade was stored (its timestamp). */
bool recorded_row(const struct recorded *r, enum interval iv, int64_t start_ms, int64_t now_ms,
		  struct row *row);
bool recorded_before(const struct recorded *r, enum interval iv, int64_t before_ms,
		     int64_t *start_ms);
bool recorded_from(const struct recorded *r, enum interval iv, int64_t from_ms, int64_t *start_ms);

#endif
