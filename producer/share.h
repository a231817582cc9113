/* SPDX-License-Identifier: MIT */
/* Which partitions are ours, and with them which series and what part of the budget.
 *
 * Two kinds, chosen once: a member of the producers' group has what the group assigns; a one-shot
 * command has everything, without a group, and asks for no more than running producers leave.
 *
 * A rebalance gives all partitions back and usually most of them again at once. So nothing is
 * forgotten when they are given back; what is still ours after the next assignment is kept as it
 * was, and only what is gone is left. */
#ifndef GAPLESS_SHARE_H
#define GAPLESS_SHARE_H

#include "producer/due.h"
#include "producer/kafka/members.h"
#include "producer/options.h"
#include "producer/ratelimit.h"

struct share;

/* A member of the group, which it does not join yet. The options outlive it. NULL: *err. */
struct share *share_of_group(const struct options *options, struct err *err);
struct share *share_of_all(void);
/* Leaves the group (up to about a session timeout where its coordinator is away: under a watchdog).
 */
void share_free(struct share *s);

/* Before that: 1 if it may join, 0 if it has to wait for what share_members brings: members that
 * want something else may be dead, and gone within a session. -1: they are not (*err). */
int share_may_begin(struct share *s, int64_t boot_ms, struct err *err)
	__attribute__((warn_unused_result));
/* The topic is there: joins. */
int share_begin(struct share *s, int32_t n_partitions, struct err *err)
	__attribute__((warn_unused_result));
/* Serves the group, at least every few seconds, and adds to *due what follows: DUE_GIVE_BACK, then
 * share_give_back, and then once more. -1: this member cannot stay in it (*err). */
int share_poll(struct share *s, int64_t boot_ms, unsigned *due, struct err *err)
	__attribute__((warn_unused_result));
/* The partitions that are not ours any more go back to the group. */
void share_give_back(struct share *s);
/* Takes note of the members of the group. -1: this producer must not go on (*err); 1: nor should
 * it, for producers with newer settings take over (*err says which). */
int share_members(struct share *s, const struct members *members, int64_t boot_ms, unsigned *due,
		  struct err *err) __attribute__((warn_unused_result));
/* Readable while there is something to serve. */
int share_fd(const struct share *s);

enum share_state {
	SHARE_NONE, /* no assignment is in force */
	SHARE_LOST, /* ... and the last one was taken from us: answers to what it asked for are void
		     */
	SHARE_ASSIGNED, /* one is; that the group wants the same is not sure yet */
	SHARE_AGREED    /* one is: there may be requests */
};

enum share_state share_state(const struct share *s);
/* 1 if the symbol is ours; a function for catalogue_own. */
int share_owns(const char *symbol, const void *share);
/* Our partitions, ascending, of all that the topic has. */
const int32_t *share_partitions(const struct share *s, size_t *n, int32_t *n_in_all);
/* Who else was in the group, when it was last asked. */
const struct members *share_seen_members(const struct share *s);
/* Says what an assignment has brought. */
void share_say(const struct share *s, size_t series, size_t taken, size_t left);
/* *ours: a flag for each of the *n partitions of the topic. */
enum budget share_budget(const struct share *s, const unsigned char **ours, int *n);

#endif
