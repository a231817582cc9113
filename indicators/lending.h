/* SPDX-License-Identifier: MIT */
/* The thread that reads the database (reader.h), lent to one part at a time: whose job it has, and
 * for what of the topic that may wait. */
#ifndef GAPLESS_INDICATORS_LENDING_H
#define GAPLESS_INDICATORS_LENDING_H

#include "feed.h"
#include "options.h"
#include "reader.h"

enum lent { LENT_NONE, LENT_TABLES, LENT_START, LENT_LOADER, LENT_REPAIR, LENT_SKIPS };

struct lending;

/* Begins with the question whether the tables are fit (reader_unfit). NULL: *err. */
struct lending *lending_new(const struct options *o, struct err *err);
/* As reader_free(). */
int lending_free(struct lending *l, int wait_ms);
struct reader *lending_reader(const struct lending *l);

/* Whose job is under way; l == NULL: nobody's. */
enum lent lending_to(const struct lending *l);
/* While it is lent to nobody. The feed says for which of its messages the job may wait. */
void lending_lend(struct lending *l, enum lent whose, struct reader_job *job, const struct feed *f);
/* Again, while the job is under way: a partition may be halted by now. */
void lending_expect(struct lending *l, const struct feed *f);
/* While the job waits for a writer that stands still: looks whether a message halts it. */
void lending_look(struct lending *l, struct feed *f, int64_t now_ms);
/* Whose job is back; it is lent to nobody then. *is_given_up: it was cancelled. LENT_NONE: none. */
enum lent lending_take(struct lending *l, const struct feed *f, int *is_given_up);

/* Has somebody skipped the message that halts a partition (gapless-writer skip)? 1 if there is
 * something to ask, and it is lent for that. */
int lending_ask_skips(struct lending *l, struct feed *f, int64_t now_ms);
/* LENT_SKIPS is back: if so, the feed reads on. */
void lending_answer_skips(const struct lending *l, struct feed *f);

#endif
