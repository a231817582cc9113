/* SPDX-License-Identifier: MIT */
/* A consumer of one topic: its configuration, its place in a group, and what comes of both as news,
 * one a poll, so that nothing is called back from within a poll. It commits nothing and begins
 * nowhere by itself: the program says from which offsets each partition is read, and what is done.
 * All blocking calls have a short limit. One thread uses it.
 *
 *   subscribe -> ASSIGNED, accept -> assign -> MESSAGE ... -> REVOKED or LOST, give_back ->
 * ASSIGNED
 */
#ifndef GAPLESS_KAFKA_CONSUMER_H
#define GAPLESS_KAFKA_CONSUMER_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kafka/kafka.h"
#include "common/kafka/kafka_stats.h"

/* All of it outlives the consumer. */
struct consumer_settings {
	const char *brokers, *topic, *group;
	/* In the group; "": none; NULL: the user may set one as property. */
	const char *instance_id;
	const char *client_id;
	int is_client_id_fixed; /* 0: the user may set another one */
	int64_t session_timeout_ms;
	int queued_messages; /* that are read ahead (or 8 MiB); then fetching stops */
	/* What one answer brings, of all partitions and of one; it comes into memory at once,
	 * decompressed, whatever is queued already. */
	int fetch_bytes, partition_fetch_bytes;
	const struct setting_list *user; /* librdkafka properties of the user's */
};

enum consumer_role {
	CONSUMER_MEMBER, /* of the group, once subscribed */
	CONSUMER_ALONE,  /* for partitions of the program's choice: never joins the group */
	CONSUMER_ASKS    /* only asks for offsets, and to it a partition ends where it was written
			    to, open transactions included; to the others it ends where the first of
			    those begins. Never polled */
};

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
	CONSUMER_REPLACED  /* by another one with the same instance id; for good */
};

/* A message, or where one would be. */
struct consumer_place {
	int32_t partition;
	int64_t offset;
};

struct consumer;

/* 1 if this version of librdkafka begins to fetch again only a second after the queue was full,
 * in which a fast program reads ten times as much (issue 2879 of confluentinc/librdkafka): since
 * 2.2 that second is a property. */
int consumer_is_slow(void);
/* NULL: *err. */
struct consumer *consumer_new(const struct consumer_settings *s, enum consumer_role role,
			      struct err *err);
/* Leaves the group, answering what it asks meanwhile. */
void consumer_close(struct consumer *c);
void consumer_free(struct consumer *c);

/* What came first within wait_ms. *m: the message; of EOF and OUT_OF_RANGE, only its partition and
 * offset count. Valid until the next poll. */
enum consumer_news consumer_poll(struct consumer *c, int wait_ms, const rd_kafka_message_t **m);
/* Of a CONSUMER_ALONE, which is asked nothing else: what comes first from the place on, a MESSAGE
 * or EOF; anything else: that is not known within some seconds, or c is NULL. */
enum consumer_news consumer_first(struct consumer *c, struct consumer_place place,
				  const rd_kafka_message_t **m);
/* When the broker took a message (epoch; where the topic says otherwise, when it was sent); 0: not
 * known. */
int64_t consumer_appended_ms(const rd_kafka_message_t *m);
/* For questions about offsets and members (kafka_topic.h, kafka_members.h), and commits. */
rd_kafka_t *consumer_handle(const struct consumer *c);
const char *consumer_topic(const struct consumer *c);
const struct kafka_stats *consumer_stats(const struct consumer *c);

/* How many partitions the topic has, 0 if it does not exist, -1 if no broker answers (*err). */
int consumer_topic_partitions(struct consumer *c, struct err *err);
/* Of one that is there: a subscription would notice it up to a minute late. Says so. 0, or -1
 * (*err). */
int consumer_subscribe(struct consumer *c, struct err *err) __attribute__((warn_unused_result));
/* The partitions of CONSUMER_ASSIGNED: how many, and *ids, valid until it is answered. */
size_t consumer_given(const struct consumer *c, const int32_t **ids);
/* They deliver nothing before consumer_assign(). */
void consumer_accept(struct consumer *c);
void consumer_give_back(struct consumer *c);
/* 1 if, since it was given partitions, the group may have given them to somebody else. */
int consumer_has_lost_group(const struct consumer *c);

/* Reads exactly these partitions, from these offsets on. A fresh assignment: seeking leaves
 * partitions stuck. 0, or -1 (*err). */
int consumer_assign(struct consumer *c, const struct consumer_place *from, size_t n,
		    struct err *err) __attribute__((warn_unused_result));
/* Paused, they deliver nothing. */
void consumer_pause(struct consumer *c, const int32_t *ids, size_t n, int is_paused);

/* Messages of the partition from that offset on, as far as the client knows: nobody is asked. */
int64_t consumer_messages_from(const struct consumer *c, int32_t partition, int64_t offset);
/* The program has stopped reading n partitions at these messages, until somebody skips them. 1 if
 * one of them is not in the topic any more, which is said: retention takes what nobody has skipped,
 * too. Asks now and then; then it blocks for some seconds at most. */
int consumer_has_lost_halt(struct consumer *c, const struct consumer_place *halts, size_t n,
			   int64_t now_ms);

#endif
