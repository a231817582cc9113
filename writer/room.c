/* SPDX-License-Identifier: MIT */
#include "room.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

/* Far beyond what the limits of a batch allow. */
enum { ARRAY_MAX_BYTES = 512 << 20 };

void transaction_room_init(struct transaction_room *room)
{
	memset(room, 0, sizeof(*room));
	for (size_t i = 0; i < ROOM_ARRAYS; i++)
		pgarray_init(&room->a[i], ARRAY_MAX_BYTES);
	room->tuples = xmalloc(ROOM_TUPLES_BYTES);
}

void transaction_room_release(struct transaction_room *room)
{
	for (size_t i = 0; i < ROOM_ARRAYS; i++)
		pgarray_release(&room->a[i]);
	free(room->tuples);
	free(room->standing);
	free(room->stretches);
	memset(room, 0, sizeof(*room));
}

void room_clear(struct transaction_room *room)
{
	for (size_t i = 0; i < ROOM_ARRAYS; i++)
		pgarray_clear(&room->a[i]);
}

int room_values(struct transaction_room *room, size_t n, const char **values, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		values[i] = pgarray_end(&room->a[i]);
		if (values[i] == NULL)
			return err_set(
				err, ERR_FATAL,
				"a batch does not fit into a statement; lower --batch-bytes");
	}
	return 0;
}

void room_take_rows(struct transaction_room *room, size_t n)
{
	if (n <= room->rows_cap)
		return;
	room->standing = xreallocarray(room->standing, n, sizeof(*room->standing));
	room->stretches = xreallocarray(room->stretches, n, sizeof(*room->stretches));
	room->rows_cap = n;
}
