/* SPDX-License-Identifier: MIT */
/* The one source whose candles this database holds (market_data_origin): the same symbol of two
 * exchanges would overwrite itself. Written once, by the first program that stores or publishes;
 * compared at every start. */
#ifndef GAPLESS_ORIGIN_H
#define GAPLESS_ORIGIN_H

#include "common/pg/pg.h"

/* 0 if the source is the database's, or it has none yet; -1 with *err: ERR_INPUT, it has another
 * one, or the database did not say. */
int origin_check(struct pg *pg, const char *source, struct err *err)
	__attribute__((warn_unused_result));
/* Writes it if there is none. 0 as well where this role may not: then it is the producer's to do.
 */
int origin_claim(struct pg *pg, const char *source, const char *topic, struct err *err)
	__attribute__((warn_unused_result));

#endif
