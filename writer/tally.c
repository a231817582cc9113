/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/log.h"

enum { PERIOD_MS = 10000 };

struct tally {
	int64_t n[TALLY_COUNTERS];
	int64_t logged[TALLY_COUNTERS]; /* as they were then */
	int64_t logged_ms;
};

/* In the order of enum tally_counter. */
static const char *const names[TALLY_COUNTERS] = {
	"inserted",     "corrected", "identical",    "stale",         "inconsistent",
	"dead_letters", "skipped",   "lost_offsets", "database_lost", "commit_failures",
	"messages",     "batches",   "copied",       "given_up",      "stored_again"};

struct tally *tally_new(int64_t now_ms)
{
	struct tally *t = xcalloc(1, sizeof(*t));

	t->logged_ms = now_ms;
	return t;
}

void tally_free(struct tally *t)
{
	free(t);
}

void tally_add(struct tally *t, enum tally_counter which, int64_t n)
{
	t->n[which] += n;
}

int64_t tally_get(const struct tally *t, enum tally_counter which)
{
	return t->n[which];
}

const char *tally_name(enum tally_counter which)
{
	return names[which];
}

void tally_log(struct tally *t, int64_t now_ms, int64_t lag, int final)
{
	struct log_field fields[TALLY_COUNTERS + 2] = {[TALLY_COUNTERS] = L_INT("lag", lag)};

	if (!final &&
	    (now_ms - t->logged_ms < PERIOD_MS || memcmp(t->n, t->logged, sizeof(t->n)) == 0))
		return;
	for (int i = 0; i < TALLY_COUNTERS; i++)
		fields[i] = (struct log_field)L_INT(names[i], t->n[i]);
	log_emit(LOG_INFO, final ? "stored in all" : "stored so far", fields);
	t->logged_ms = now_ms;
	memcpy(t->logged, t->n, sizeof(t->n));
}
