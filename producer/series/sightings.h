/* SPDX-License-Identifier: MIT */
/* Rows that were seen, by us or by the process that stored them, in intervals that are not covered
 * yet: what a final read has to agree with before it promises anything. Pure; times are the
 * exchange's.
 *
 *   the final read shows        at least what was seen   it is so
 *                               less, or no row          doubtful: again after DOUBT_MS
 *   two such reads              both none, or both the   it is so: the exchange has taken it back;
 *                               same that is less        asked once more after SIGHTING_AGAIN_MS
 *   DOUBT_READS reads           ever another thing       the greatest that was seen stands
 *
 * Less: a smaller revision, or a smaller volume. Other values with the same revision are as much as
 * what was seen: the read that came last counts.
 *
 * A correction of what is covered may be lost behind Kafka like any message, which coverage cannot
 * tell: so its interval is not taken for covered before a lookup has found it stored. */
#ifndef GAPLESS_SIGHTINGS_H
#define GAPLESS_SIGHTINGS_H

#include <stddef.h>

#include "common/candle/candle.h"
#include "common/candle/spans.h"
#include "producer/series/validity.h"

enum {
	DOUBT_MS = 30 * 1000, /* between two reads of a row that is doubtful */
	DOUBT_READS = 5,
	SIGHTING_AGAIN_MS = 5 * 60 * 1000,
	SIGHTINGS_MAX = 1 << 16 /* of a series; the oldest are forgotten */
};

/* Candles that are stored in spans that are not covered: what a new reading of them has to agree
 * with, and to win against. */
struct stored_row {
	int64_t timestamp_ms, revision;
	int64_t fetched_ms; /* the exchange's time of its reading */
};

struct stored { /* all zero: none */
	struct stored_row *v;
	size_t n;
};

/* Rows may be added in any order, and are then brought into theirs. */
void stored_add(struct stored *s, const struct stored_row *row);
void stored_sort(struct stored *s);
void stored_release(struct stored *s);

enum shown { SHOWN_ALL, SHOWN_LESS, SHOWN_NOTHING };

struct sighting {
	int64_t timestamp_ms;
	int64_t revision, fetched_ms; /* the greatest that was seen, and its read */
	struct candle *candle;        /* what we published of it; NULL: only stored */
	int64_t shown_revision;       /* ... and the revision that the exchange showed of that */
	int64_t greatest_revision;    /* ... the greatest that it showed of any */
	enum shown doubt;             /* what the final reads said, SHOWN_ALL: no doubt yet */
	struct candle *doubted;       /* ... the row that was less; NULL: none */
	int64_t doubt_ms;             /* the last of them */
	int reads;                    /* how many */
	int is_settled;               /* the last of them was believed, and is to be published */
	int is_gone;                  /* that it is not there is believed */
	int64_t again_ms;             /* to be asked for once more then; 0: not */
	int is_correction;            /* of what is covered, and not found stored yet */
};

struct sightings { /* by timestamp; all zero: none */
	struct sighting *v;
	size_t n, cap;
};

void sightings_release(struct sightings *s);
/* NULL: none there. */
struct sighting *sightings_find(const struct sightings *s, int64_t timestamp_ms);
/* A row that is not final yet. 1 if it is to be published: it is new, or other than before. */
int sightings_note(struct sightings *s, const struct candle *row, int64_t read_ms);
/* That publication was not delivered: as if it had not been seen. */
void sightings_forget(struct sightings *s, int64_t timestamp_ms);
/* What a lookup found stored, where it was told (NULL: everywhere). What it does not find there any
 * more is forgotten, but for what we published. Returns from when on all of it is kept: INT64_MIN,
 * or what is older was too much. */
int64_t sightings_stored(struct sightings *s, const struct stored *stored,
			 const struct spans *told);
/* What is covered needs no agreement, unless it is to be asked for once more, or starts at young_ms
 * or later: that may still turn out otherwise. */
void sightings_covered(struct sightings *s, const struct spans *covered, int64_t young_ms);

enum judgement {
	JUDGED_SO,       /* what the read shows is so */
	JUDGED_GREATEST, /* reads do not agree: the greatest that was seen stands */
	JUDGED_DOUBTFUL  /* nothing is to be promised of this interval */
};

/* A final read shows that row, or none (NULL). */
enum judgement sighting_judge(struct sighting *s, const struct candle *row, int64_t read_ms);
/* 1 if the read shows a later change than what was published or stored, or other values of the same
 * one. */
int sighting_is_newer(const struct sighting *s, const struct candle *row);
/* 1 if the read shows less than what was seen and not taken back, or nothing. */
int sighting_is_less(const struct sighting *s, const struct candle *row);
/* The revision with which a final read of the row wins against what was seen. */
int64_t sighting_revision(const struct sighting *s, const struct candle *row, int64_t read_ms);
/* It was published with a promise, of a row that had that revision; and that is a correction of
 * what was known. */
void sighting_published(struct sighting *s, const struct candle *published, int64_t shown_revision,
			int64_t read_ms);
void sighting_corrects(struct sighting *s);
/* The intervals of the corrections that were not found stored; *out is cleared first. */
void sightings_corrections(const struct sightings *s, const struct interval *iv, struct spans *out);

/* What two reads have changed is to be asked for once more; and what another has stored, who may
 * have meant to: it shows less. */
void sighting_ask_again(struct sighting *s, int64_t read_ms);
/* 1 if that is due. */
int sighting_is_due_again(const struct sighting *s, int64_t now_ms);
/* A page has shown what there is between, but for the holes: those that were due are asked for no
 * more. */
void sightings_asked_again(struct sightings *s, int64_t from_ms, int64_t to_ms,
			   const struct spans *holes, int64_t now_ms);

/* Takes the intervals out of the set that are doubtful and were read less than DOUBT_MS ago; adds
 * those that are due again. */
void sightings_subtract(const struct sightings *s, const struct interval *iv, int64_t now_ms,
			struct spans *from);
void sightings_add_due(const struct sightings *s, const struct interval *iv, int64_t now_ms,
		       struct spans *to);
/* For how long these two stay as they are at now_ms. */
void sightings_validity(const struct sightings *s, int64_t now_ms, struct validity *v);

#endif
