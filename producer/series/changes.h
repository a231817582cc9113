/* SPDX-License-Identifier: MIT */
/* Which series have changed since it was looked at last, by their places. A series notes itself
 * (series_watch), so that nobody who changes one has to know who depends on it. */
#ifndef GAPLESS_CHANGES_H
#define GAPLESS_CHANGES_H

#include <stddef.h>
#include <stdint.h>

struct changes;

/* Of the places 0 to n - 1. */
struct changes *changes_new(size_t n);
void changes_free(struct changes *c);
void changes_note(struct changes *c, uint32_t place);
/* 1 and a place that has changed, each once; 0: no other has. */
int changes_take(struct changes *c, uint32_t *place);

#endif
