/* SPDX-License-Identifier: MIT */
/* What the writer did, counted; one log line every ten seconds in which something happened, and one
 * at the end. */
#ifndef GAPLESS_TALLY_H
#define GAPLESS_TALLY_H

#include <stdint.h>

struct tally {
	int64_t messages; /* read and taken */
	int64_t inserted, corrected, identical, stale;
	int64_t inconsistent; /* candles whose high is below their low and the like: stored as they
				 are */
	int64_t dead_letters;
	int64_t skipped;       /* tombstones, empty values, and what a replay does not want */
	int64_t lost_offsets;  /* deleted from the topic before they were read */
	int64_t database_lost; /* times that the database had lost something and is filled again */
	int64_t commit_failures; /* of offsets, to Kafka; harmless */
	int64_t batches;
	int64_t copied;       /* of inserted: by COPY */
	int64_t stored_again; /* batches that were stored a second way, since another writer stored
			   the same at that moment */
	/* private */
	int64_t logged_ms;
	struct {
		int64_t messages, batches, commit_failures, lost_offsets;
	} logged;
};

/* Logs totals where something happened since the last line and that is ten seconds old; `final`:
 * whatever happened. */
void tally_log(struct tally *t, int64_t now_ms, int64_t lag, int final);

#endif
