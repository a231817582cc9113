/* SPDX-License-Identifier: MIT */
/* What the statements of a batch are put together in, kept from batch to batch. */
#ifndef GAPLESS_ROOM_H
#define GAPLESS_ROOM_H

#include <stddef.h>

#include "common/error.h"
#include "pgarray.h"

/* How a row of the batch stands against the table. */
enum standing {
	STANDING_OUT,       /* refused by the database: not asked */
	STANDING_MISSING,   /* its key is not in the table */
	STANDING_NEWER,     /* it wins against what is there, or only the server can tell */
	STANDING_IDENTICAL, /* it does not win, and has the same values */
	STANDING_STALE      /* it does not win, and has other values */
};

/* Consecutive rows [from, to) of one series. */
struct stretch {
	size_t from, to;
};

enum { ROOM_ARRAYS = 11, ROOM_TUPLES_BYTES = 64 << 10 };
struct transaction_room {
	struct pgarray a[ROOM_ARRAYS];
	unsigned char *tuples;     /* ROOM_TUPLES_BYTES of a COPY */
	unsigned char *standing;   /* an enum standing a row */
	struct stretch *stretches; /* as many as there are rows, at most */
	size_t rows_cap;
	int upserts; /* so many batches are stored without COPY, for another writer was in the way
		      */
};

void transaction_room_init(struct transaction_room *room);
void transaction_room_release(struct transaction_room *room);

/* Empties the arrays. */
void room_clear(struct transaction_room *room);
/* Closes the first n arrays into values[]. 0, or -1: the batch does not fit. */
int room_values(struct transaction_room *room, size_t n, const char **values, struct err *err)
	__attribute__((warn_unused_result));
/* Makes `standing` and `stretches` large enough for n rows. */
void room_take_rows(struct transaction_room *room, size_t n);

#endif
