/* SPDX-License-Identifier: MIT */
/* What the writer did, counted; one log line every ten seconds in which something happened, and one
 * at the end. */
#ifndef GAPLESS_TALLY_H
#define GAPLESS_TALLY_H

#include <stdint.h>

/* In the order in which they are logged. */
enum tally_counter {
	/* what became of a candle */
	TALLY_INSERTED,
	TALLY_CORRECTED, /* its row got the values of a newer observation */
	TALLY_IDENTICAL, /* its row had the same values; written only where it was not final yet, or
			    had another revision */
	TALLY_STALE,     /* it lost against what is there: nothing written */
	TALLY_INCONSISTENT,    /* candles whose high is below their low and the like: stored as they
				  are */
	TALLY_DEAD_LETTERS,    /* rows that the database refused included */
	TALLY_SKIPPED,         /* tombstones, empty values, and what a replay does not want */
	TALLY_LOST_OFFSETS,    /* deleted from the topic before they were read */
	TALLY_DATABASE_LOST,   /* times that the database had lost something and is filled again */
	TALLY_COMMIT_FAILURES, /* of offsets, to Kafka; harmless */
	TALLY_MESSAGES,        /* read and taken */
	TALLY_BATCHES,
	TALLY_COPIED,       /* of inserted: by COPY */
	TALLY_GIVEN_UP,     /* candles before what is retained: not stored */
	TALLY_STORED_AGAIN, /* batches that were stored a second way, since another writer stored
			       the same at that moment */
	TALLY_COUNTERS
};

struct tally;

struct tally *tally_new(int64_t now_ms);
void tally_free(struct tally *t);
void tally_add(struct tally *t, enum tally_counter which, int64_t n);
int64_t tally_get(const struct tally *t, enum tally_counter which);
const char *tally_name(enum tally_counter which);
/* Logs totals where something happened since the last line and that is ten seconds old; `final`:
 * whatever happened. */
void tally_log(struct tally *t, int64_t now_ms, int64_t lag, int final);

#endif
