/* SPDX-License-Identifier: MIT */
/* Programs in the writers' group that are not writers: they take partitions as any member does, and
 * commit offsets of what nobody has stored. Said while they are there; nothing blocks. */
#ifndef GAPLESS_STRANGERS_H
#define GAPLESS_STRANGERS_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

/* The client.id of a writer, or how it begins; the user may set another one. */
#define WRITER_CLIENT_ID "gapless-writer"

struct strangers;

/* Members of the group, as the client rk sees it, which outlives this. */
struct strangers *strangers_new(rd_kafka_t *rk, const char *group, const char *client_id);
/* Waits for a question that is under way, KAFKA_MEMBERS_MS at most. */
void strangers_free(struct strangers *s);

/* Has a thread ask who is there, now and then and at once after strangers_soon(). */
void strangers_look(struct strangers *s, int64_t now_ms);
/* The members are others by now. */
void strangers_soon(struct strangers *s);
/* How many there were when it was last asked. */
int strangers_count(const struct strangers *s);
/* 1 if one was seen since the start of this program. */
int strangers_were_there(const struct strangers *s);

#endif
