/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include "common/log.h"

enum { PERIOD_MS = 10000 };

void tally_log(struct tally *t, int64_t now_ms, int64_t lag, int final)
{
	if (!final && (now_ms - t->logged_ms < PERIOD_MS ||
		       (t->messages == t->logged.messages && t->batches == t->logged.batches &&
			t->commit_failures == t->logged.commit_failures &&
			t->lost_offsets == t->logged.lost_offsets)))
		return;
	log_info(final ? "stored in all" : "stored so far", L_INT("inserted", t->inserted),
		 L_INT("corrected", t->corrected), L_INT("identical", t->identical),
		 L_INT("stale", t->stale), L_INT("inconsistent", t->inconsistent),
		 L_INT("dead_letters", t->dead_letters), L_INT("skipped", t->skipped),
		 L_INT("lost_offsets", t->lost_offsets), L_INT("database_lost", t->database_lost),
		 L_INT("commit_failures", t->commit_failures), L_INT("messages", t->messages),
		 L_INT("batches", t->batches), L_INT("copied", t->copied),
		 L_INT("stored_again", t->stored_again), L_INT("lag", lag));
	t->logged_ms = now_ms;
	t->logged.messages = t->messages;
	t->logged.batches = t->batches;
	t->logged.commit_failures = t->commit_failures;
	t->logged.lost_offsets = t->lost_offsets;
}
