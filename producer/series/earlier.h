/* SPDX-License-Identifier: MIT */
/* A market that was delisted and is listed again may be another one under the same code: what was
 * covered of its earlier life is in doubt until a page of its end was compared with what is stored.
 * Most of the rows there decide; where neither has any, the span grows. Pure.
 *
 *          covered                     delisted      listed again
 *   |=================[compared]|........................|====...
 *                               ^ until
 *
 * The same rows: it is covered as before. Others, or none that are served any more: another
 * history, and nothing before `until` is covered or confirmed. */
#ifndef GAPLESS_EARLIER_H
#define GAPLESS_EARLIER_H

#include "producer/series/reading.h"

struct earlier { /* all zero: nothing is in doubt */
	int64_t from_ms, until_ms;
	int is_other; /* decided, and not in the database yet */
};

/* The market is listed again; its earlier life ended there. */
void earlier_begin(struct earlier *e, const struct interval *iv, int64_t until_ms);
void earlier_end(struct earlier *e);
/* Nothing of it is served any more. */
void earlier_is_gone(struct earlier *e);
int earlier_is_in_doubt(const struct earlier *e);
/* What is neither covered nor to be taken for it while it is in doubt. */
void earlier_add(const struct earlier *e, struct spans *to);
/* A page that was asked for what is in doubt, beside what is stored; untold: where that was not
 * read. Nothing is covered, or wanted, before the two instants. 1 if something has changed by it.
 */
int earlier_compare(struct earlier *e, const struct reading *r, const struct sightings *stored,
		    const struct spans *untold, int64_t known_from_ms, int64_t wanted_from_ms);

#endif
