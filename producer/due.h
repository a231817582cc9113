/* SPDX-License-Identifier: MIT */
/* What a part of the producer finds that others have to do. Parts return it and call nobody; the
 * loop sees to it. */
#ifndef GAPLESS_DUE_H
#define GAPLESS_DUE_H

enum due {
	DUE_OWN = 1, /* which series are ours is to be decided again: an assignment, new series */
	DUE_LOOKUP = 2,    /* what is under way is out of date: look up now */
	DUE_JUDGE = 4,     /* series are to hear what the list of markets says of them */
	DUE_BUDGET = 8,    /* another part of the budget is ours */
	DUE_MEMBERS = 16,  /* the members of the group are known */
	DUE_GIVE_BACK = 32 /* the group takes the partitions: what is under way is void */
};

/* How a turn of the loop ends: once more, or the loop with it. */
enum loop_end { LOOP_STOPPED, LOOP_DONE, LOOP_REPLACED };

#endif
