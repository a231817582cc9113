/* SPDX-License-Identifier: MIT */
/* What every process shows of itself, whatever it does: its version, since when it runs, memory,
 * CPU. */
#ifndef GAPLESS_VITALS_H
#define GAPLESS_VITALS_H

#include "common/service/metrics.h"

enum { VITALS = 5 };

extern const struct metric vitals_table[VITALS];

/* Reads /proc. The rows stand in m's table from `first` on; what cannot be read stays as it is. */
void vitals_update(struct metrics *m, size_t first);

#endif
