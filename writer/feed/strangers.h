/* SPDX-License-Identifier: MIT */
/* Who else is in the writers' group. Programs that are not writers take partitions as any member
 * does, and commit offsets of what nobody has stored: said while they are there. What the others
 * commit is for elsewhere.h. Nothing blocks. */
#ifndef GAPLESS_STRANGERS_H
#define GAPLESS_STRANGERS_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

/* The client.id of a writer, or how it begins; the user may set another one. */
#define WRITER_CLIENT_ID "gapless-writer"

struct strangers;

/* Members of the group, as the client rk sees it, which outlives this as the names do. */
struct strangers *strangers_new(rd_kafka_t *rk, const char *topic, const char *group);
/* Waits for a question that is under way, some seconds at most. */
void strangers_free(struct strangers *s);

/* Has a thread ask who is there, now and then and at once after strangers_soon(). */
void strangers_look(struct strangers *s, int64_t now_ms);
/* The members are others by now. */
void strangers_soon(struct strangers *s);
/* How many there were when it was last asked. */
int strangers_count(const struct strangers *s);
/* What the group had committed of the topic's partitions [0, *n), -1 where nothing; none of them if
 * nobody else is in the group. Once for each time that it was asked: NULL, there is nothing new.
 * Valid until strangers_look(). */
const int64_t *strangers_committed(struct strangers *s, size_t *n);
/* 1 if one was seen since the start of this program. */
int strangers_were_there(const struct strangers *s);

#endif
