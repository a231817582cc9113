/* SPDX-License-Identifier: MIT */
/* The loop between Kafka, on this thread, and the database, on the store's.
 *
 *   feed --arrivals--> pipeline --batches--> store (one transaction each) --stored--> feed
 * (offsets)
 *
 * The parts own what they are; none of them knows another. Here is the only place where two meet:
 * what one returns is done with the next. */
#ifndef GAPLESS_WRITER_H
#define GAPLESS_WRITER_H

#include "observe.h"
#include "options.h"
#include "writer/database/cursor.h"
#include "writer/database/retention.h"
#include "writer/feed/feed.h"

/* keep: what a live writer gives up as it grows old; NULL: nothing. Runs until a signal, the feed's
 * end, or until it needs a person; returns the exit code. Stop handling is installed, the database
 * is fit. Takes the feed; `observe` stays the caller's. */
int writer_run(const struct options *options, struct feed *feed, struct cursor cursor,
	       const struct retention *keep, struct observe *observe);

#endif
