/* SPDX-License-Identifier: MIT */
/* The lookups by partition: how far each is. It begins with the partition's end offset and ends
 * when the writer's position has reached that, or has not moved for so long that what was known has
 * to do. Partitions are independent of each other. Says which of them wait, and for what. */
#ifndef GAPLESS_LOOKUP_PARTITIONS_H
#define GAPLESS_LOOKUP_PARTITIONS_H

#include "producer/lookup/visit.h"

struct lookup_partitions;

/* A writer that has not moved for stall_ms is not waited for. */
struct lookup_partitions *lookup_partitions_new(int64_t stall_ms);
void lookup_partitions_free(struct lookup_partitions *ps);

/* These, of which nothing is known; n = 0: none. */
void lookup_partitions_set(struct lookup_partitions *ps, const int32_t *ids, size_t n);
/* 1 if the lookup of each has ended since they were set; *stored: with the writer at the end. */
int lookup_partitions_are_complete(const struct lookup_partitions *ps, int *stored);
/* 1 if a lookup has begun, and not ended. */
int lookup_partitions_wait(const struct lookup_partitions *ps);
/* When a lookup ended last, of the partition of which that is longest ago; 0: of one, none has. */
int64_t lookup_partitions_oldest_boot_ms(const struct lookup_partitions *ps);

/* The partition as the visit is to see it, added to it; NULL: it is not due. A round begins the
 * lookups of those that do not wait. */
struct visit_partition *lookup_partitions_visit(const struct lookup_partitions *ps,
						struct visit *visit, int32_t id, int is_round,
						int64_t boot_ms);
/* All that are due are in the visit: a lookup of nothing is no work, those of the others have
 * ended. */
void lookup_partitions_end_others(struct lookup_partitions *ps, const struct visit *visit);
/* What the visit has found, once its series have taken it. Returns how many lookups have ended;
 * *unread: the end of a partition cannot be read. */
int lookup_partitions_take(struct lookup_partitions *ps, const struct visit *visit, int *unread,
			   int64_t boot_ms);

#endif
