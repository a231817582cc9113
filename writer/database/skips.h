/* SPDX-License-Identifier: MIT */
/* Messages that halt their partition, and that somebody has skipped (gapless-writer skip). The
 * command writes it to the dead letters, under its offset and with its bytes; a writer that is
 * halted by it finds it there. So nothing but that one message is ever passed, also where a topic
 * was recreated and has another one at the same offset. */
#ifndef GAPLESS_SKIPS_H
#define GAPLESS_SKIPS_H

#include <stddef.h>
#include <stdint.h>

#include "session.h"
#include "writer/dead_letter.h"

struct skip_item {
	struct dead_letter halt; /* owned */
	int skipped;             /* out */
};

/* One more, a copy. Returns the list, which may have moved. */
struct skip_item *skips_add(struct skip_item *items, size_t *n, const struct dead_letter *halt);
/* Which of them are skipped? 0, or -1 with *err. */
int skips_ask(struct session *db, struct skip_item *items, size_t n, struct err *err)
	__attribute__((warn_unused_result));
void skips_free(struct skip_item *items, size_t n);

#endif
