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
#include "producer/kafka/group.h"
#include "producer/kafka/members.h"
#include "producer/ratelimit.h"

struct share;

/* A member of the group; own_address: the budget is not shared with the other members. What
 * settings->revoked has to do is done before the partitions are given back. */
struct share *share_of_group(const struct group_settings *settings, int own_address,
			     struct err *err);
struct share *share_of_all(void);
void share_free(struct share *s); /* leaves the group */

/* The topic is there: joins. */
int share_begin(struct share *s, int32_t n_partitions, struct err *err)
	__attribute__((warn_unused_result));
/* Serves the group and adds to *due what follows. -1: this member cannot stay in it (*err). */
int share_poll(struct share *s, int64_t boot_ms, unsigned *due, struct err *err)
	__attribute__((warn_unused_result));
/* Takes note of the members of the group. -1: this producer must not go on (*err). */
int share_members(struct share *s, const struct members *members, int64_t boot_ms, unsigned *due,
		  struct err *err) __attribute__((warn_unused_result));
/* Readable while there is something to serve. */
int share_fd(const struct share *s);

/* An assignment is in force. */
int share_is_held(const struct share *s);
/* The group was found to want the same: there may be requests. */
int share_is_agreed(const struct share *s);
/* The last assignment was taken from us: answers to what it asked for are void. */
int share_is_lost(const struct share *s);
/* 1 if the symbol is ours; a function for catalogue_own. */
int share_owns(const char *symbol, const void *share);
/* The partition of a symbol. */
int32_t share_partition_of(const char *symbol, const void *share);
/* Our partitions, ascending. */
const int32_t *share_partitions(const struct share *s, size_t *n);
/* Says what an assignment has brought. */
void share_say(const struct share *s, size_t series, size_t taken, size_t left);
/* *ours: a flag for each of the *n partitions of the topic. */
enum budget share_budget(const struct share *s, const unsigned char **ours, int *n);

#endif
