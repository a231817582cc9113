/* SPDX-License-Identifier: MIT */
/* Where a partition's reading starts: at the smaller of Kafka's committed offset and the database's
 * position, so that a database which lost something heals by itself. Pure. */
#ifndef GAPLESS_START_H
#define GAPLESS_START_H

#include <stdint.h>

#include "common/base/log.h"

enum { START_NONE = -1 }; /* no committed offset; no position */

struct start_facts {
	int64_t committed; /* the group's committed offset, or START_NONE */
	int64_t position;  /* next_offset of the database, or START_NONE */
	int64_t low, high; /* the topic's first offset, and the one after its last */
	int shared;        /* 1: another program was seen in the group */
	int recreated;     /* 1: what is below the position came after what was stored last, or the
			      group's offset is gone under its members */
};

enum start_why {
	START_NORMAL,    /* both agree */
	START_ABSORB,    /* committed < position: a crash between the two commits, or the group was
			    rewound by    hand */
	START_GROUP_NEW, /* no committed offset: the group is new, was deleted or expired */
	START_FIRST,     /* neither: first start */
	START_EMPTIED, /* no position although the group had committed: the database was emptied */
	START_BEHIND,  /* position < committed: a backup was restored, or a failover lost
			  transactions */
	START_SHARED,  /* the same, but another program in the group may have committed */
	START_HOLE,    /* position below the topic's beginning: messages are gone that were never
			  stored */
	START_SHORTER, /* position beyond the topic's end: the topic was recreated, or lost its tail
			*/
	START_LONGER,  /* as SHORTER, and the topic has grown beyond the position since */
	START_WHYS
};

enum start_row { START_ROW_KEEP, START_ROW_INSERT, START_ROW_SET };

struct start {
	int64_t offset;     /* read from here */
	enum start_row row; /* what happens to the position row ... */
	int64_t row_offset; /* ... and its next_offset after that; never below `offset` */
	enum start_why why;
	int64_t lost; /* offsets [position, low) that nobody will ever read; 0 but for START_HOLE */
};

struct start start_decide(const struct start_facts *facts);
/* How many offsets that were read before are read again. */
int64_t start_again(const struct start_facts *facts, const struct start *start);
/* One sentence for the log, and how loud it is. */
struct start_words {
	const char *text;
	enum log_level level;
};
const struct start_words *start_words(enum start_why why);

#endif
