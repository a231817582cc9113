/* SPDX-License-Identifier: MIT */
/* Room for messages on their way to Kafka, in all and by partition: a partition whose reports do
 * not come, or that refuses what it is sent, takes none before it recovers, so that it does not
 * fill the room of the others. Pure: the time comes in, and does not go back. */
#ifndef GAPLESS_ROOM_H
#define GAPLESS_ROOM_H

#include <stdint.h>

struct room;

/* For so many messages in all, of one partition until it is known how many there are. */
struct room *room_new(int64_t messages);
void room_free(struct room *r);
/* There are so many partitions; what is on its way keeps its place. */
void room_partitions(struct room *r, int32_t n);

/* The partition of a symbol, for these. */
int32_t room_partition_of(const struct room *r, const char *symbol);
void room_sent(struct room *r, int32_t partition, int64_t boot_ms);
void room_reported(struct room *r, int32_t partition, int is_failed, int64_t boot_ms);

/* Messages that are on their way; that may still be sent. */
int64_t room_outstanding(const struct room *r);
int64_t room_left(const struct room *r);
/* The partition that has the most of them. */
int32_t room_fullest(const struct room *r);
/* The first partition from that one on whose report is awaited for too long; -1: none. */
int32_t room_stalled(const struct room *r, int32_t from, int64_t boot_ms);
/* 1 if the partition of the symbol takes messages. */
int room_takes(const struct room *r, const char *symbol, int64_t boot_ms);

#endif
