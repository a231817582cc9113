/* SPDX-License-Identifier: MIT */
/* What has to fit between this producer and a database before anything is published: its tables,
 * and the one source and topic whose candles are in it. And what had ended (gapless-writer end) of
 * what this producer wants. */
#ifndef GAPLESS_FIT_H
#define GAPLESS_FIT_H

#include "common/pg/pg.h"
#include "producer/lookup/visit.h"
#include "producer/options.h"

/* Is it of this source, and where it does not say yet, the topic, too? Then it says so from now on.
 * had_tables: that these fit is known. 0; -1: *err. *is_unfit: as long as nobody changes the
 * settings or the database it stays so. */
int fit_database(struct pg *pg, rd_kafka_t *rk, const struct options *options, int had_tables,
		 int *is_unfit, struct err *err) __attribute__((warn_unused_result));
/* Whose candles the topic carries. */
int fit_topic(rd_kafka_t *rk, const struct options *options, int *is_unfit, struct err *err)
	__attribute__((warn_unused_result));
/* What has ended, and is wanted by these options, is wanted again; each is said. */
int fit_wanted_again(struct pg *pg, const struct options *options, struct err *err)
	__attribute__((warn_unused_result));

#endif
