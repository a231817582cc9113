/* SPDX-License-Identifier: MIT */
/* Messages that halt their partition (intake.h): nothing behind one may be read, it would be passed
 * over for good. Reading goes on when somebody has skipped the message (gapless-writer skip), which
 * the tables tell, or when it is gone from the topic. */
#ifndef GAPLESS_INDICATORS_HALTS_H
#define GAPLESS_INDICATORS_HALTS_H

#include "indicators/database/reader.h"
#include "indicators/options.h"
#include "topic.h"

struct halts;

struct halts *halts_new(const struct options *o);
/* Not while its job is lent. */
void halts_free(struct halts *h);
/* Forgets all of them. */
void halts_clear(struct halts *h);

/* The message was read, and halts its partition because of `why`. */
void halts_add(struct halts *h, const rd_kafka_message_t *m, const struct err *why);
/* The partition is read up to that offset: one that was found there before (halts_look) is not
 * ahead any more. */
void halts_reach(struct halts *h, int32_t partition, int64_t offset);
/* 1 if such a message was read. */
int halts_hold(const struct halts *h, int32_t partition);
/* When the broker took it; 0: none was read. */
int64_t halts_since_ms(const struct halts *h, int32_t partition);
/* Nothing is stored of the partition from that offset on; INT64_MAX: no such message is known. */
int64_t halts_bound(const struct halts *h, int32_t partition);

/* Says now and then what is halted. */
void halts_say(struct halts *h, int64_t now_ms);
/* 1 if one of those that were read is not in the topic any more, which is said. */
int halts_are_lost(const struct halts *h, struct consumer *c, int64_t now_ms);
/* The writer stands still at that place (partition -1: it does not): after a while it is looked
 * whether the message there will halt the partition. Blocks for some seconds at most. */
void halts_look(struct halts *h, struct consumer_place place, int64_t now_ms);
/* A job to ask whether somebody has skipped one, of several another one each time; NULL: there is
 * nothing to ask now. */
struct reader_job *halts_job(struct halts *h, int64_t now_ms);
/* The job is back: 1 if so, and it still halted its partition; it no longer does. */
int halts_answer(struct halts *h);

#endif
