/* SPDX-License-Identifier: MIT */
/* What has to fit between this producer and a database before anything is published: its tables,
 * and the one source and topic whose candles are in it. And what had ended (gapless-writer end) of
 * what this producer wants. */
#ifndef GAPLESS_FIT_H
#define GAPLESS_FIT_H

#include "common/pg/pg.h"
#include "producer/lookup/visit.h"
#include "producer/options.h"

/* 0; -1: *err. *is_unfit: as long as nobody changes the settings or the database it stays so. */
int fit_tables(struct pg *pg, int *is_unfit, struct err *err) __attribute__((warn_unused_result));
/* 1: it is of this source and topic, and says so; 0: it does not say yet. */
int fit_origin(struct pg *pg, const char *source, const char *topic, int *is_unfit, struct err *err)
	__attribute__((warn_unused_result));
int fit_origin_write(struct pg *pg, const char *source, const char *topic, int *is_unfit,
		     struct err *err) __attribute__((warn_unused_result));
/* What has ended, and is wanted by these options, is wanted again; each is said. */
int fit_wanted_again(struct pg *pg, const struct options *options, struct err *err)
	__attribute__((warn_unused_result));

#endif
