/* SPDX-License-Identifier: MIT */
/* The Kafka consumer: its configuration, and what comes of it as news, one a poll, so that nothing
 * is called back from within a poll. All blocking calls have a short limit. One thread uses it. */
#ifndef GAPLESS_CONSUMER_H
#define GAPLESS_CONSUMER_H

#include <stddef.h>
#include <stdint.h>

#include "common/kafka/kafka_stats.h"
#include "partitions.h"
#include "writer/arrival.h"
#include "writer/options.h"

enum consumer_news {
	CONSUMER_NOTHING, /* in time */
	CONSUMER_MESSAGE,
	CONSUMER_EOF,          /* the partition has nothing at that offset yet */
	CONSUMER_OUT_OF_RANGE, /* the topic does not have the partition's next offset (any more): it
				  is not read until it is assigned again */
	CONSUMER_GONE,     /* the topic, or a partition of it, is not there (any more): what comes
			      next may be of another topic of that name */
	CONSUMER_ASSIGNED, /* the group gives partitions: answer with consumer_accept() */
	CONSUMER_REVOKED,  /* it takes them back: answer with consumer_give_back(), soon */
	CONSUMER_LOST,     /* as REVOKED, but somebody else may own them already */
	CONSUMER_OTHER,    /* said in the log; nothing follows */
	CONSUMER_REPLACED  /* by another one with the same group-instance-id */
};

struct consumer;

/* Not subscribed. in_group 0: one for partitions of our own choice, which never joins a group nor
 * commits. NULL: *err. */
struct consumer *consumer_new(const struct options *o, int in_group, struct err *err);
/* One that only asks for offsets (offsets.h), and to which a partition ends where it was written
 * to, open transactions included; to the others it ends where the first of those begins. */
struct consumer *consumer_new_to_ask(const struct options *o, struct err *err);
/* Before it begins: does the topic carry another source? 0: no, as far as the brokers say, who have
 * some seconds for it; -1: *err (ERR_INPUT). */
int consumer_check_source(const struct options *o, struct err *err)
	__attribute__((warn_unused_result));
/* Leaves the group, answering what it asks meanwhile. */
void consumer_close(struct consumer *c);
void consumer_free(struct consumer *c);

/* What came first within wait_ms. *a: of a message what is Kafka's; of EOF and OUT_OF_RANGE
 * partition and offset. Valid until the next poll. */
enum consumer_news consumer_poll(struct consumer *c, int wait_ms, struct arrival *a);
/* For questions about offsets (offsets.h, backlog.h), and commits.h. */
struct rd_kafka_s *consumer_handle(const struct consumer *c);
const char *consumer_topic(const struct consumer *c);

/* How many partitions the topic has, 0 if it does not exist, -1 if no broker answers (*err). */
int consumer_topic_partitions(struct consumer *c, struct err *err);
int consumer_subscribe(struct consumer *c, struct err *err);
/* The partitions of CONSUMER_ASSIGNED: how many, and *ids, valid until it is answered. */
size_t consumer_given(const struct consumer *c, const int32_t **ids);
/* They deliver nothing before consumer_assign(). */
void consumer_accept(struct consumer *c);
void consumer_give_back(struct consumer *c);
/* Of one in a group: has asked, now and then, who is in it, and says if one is not a writer. 1 if
 * one was seen since the start. */
int consumer_look_for_strangers(struct consumer *c, int64_t now_ms);
/* How many were there when it was last asked. */
int consumer_strangers(const struct consumer *c);
/* What the group has committed, as strangers_committed(); the caller frees. */
int64_t *consumer_group_offsets(struct consumer *c, size_t *n);
const struct kafka_stats *consumer_stats(const struct consumer *c);

/* Assigns exactly the partitions that are not done, from their `next` on. A fresh assignment:
 * seeking leaves partitions stuck. */
int consumer_assign(struct consumer *c, const struct partitions *ps, struct err *err)
	__attribute__((warn_unused_result));

/* Pauses or resumes partitions: all that are reading, or with `all` every one. */
void consumer_pause(struct consumer *c, const struct partitions *ps);
void consumer_resume(struct consumer *c, const struct partitions *ps, int all);
void consumer_pause_one(struct consumer *c, int32_t partition);

#endif
