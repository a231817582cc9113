/* SPDX-License-Identifier: MIT */
/* indicators.v1, written by an idempotent producer. A round is what came of some messages; when all
 * that was sent for it is acknowledged, the messages' offsets may be committed. */
#ifndef GAPLESS_INDICATORS_SINK_H
#define GAPLESS_INDICATORS_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "options.h"

struct sink;

/* NULL: *err. */
struct sink *sink_new(const struct options *o, struct err *err);
/* Whatever is outstanding is given up. */
void sink_free(struct sink *s);

/* Takes a copy; *outstanding grows by one now, and shrinks by one with the acknowledgement, in a
 * later sink_poll. Waits where the queue is full; a signal ends that, and the sink is broken. */
void sink_send(struct sink *s, const struct indicator_message *m, int64_t *outstanding);
void sink_poll(struct sink *s, int wait_ms);
int64_t sink_outstanding(const struct sink *s);
int64_t sink_sent(const struct sink *s);
int64_t sink_sent_as(const struct sink *s, enum result_state state);
/* 1: something was not delivered, and will not be: begin again from what is committed. */
int sink_is_broken(const struct sink *s);
/* Gives up what is outstanding: no counter is touched any more. 0, or -1: *err. */
int sink_reset(struct sink *s, struct err *err) __attribute__((warn_unused_result));
/* 0: the topic is there and fit. -1: *err; ERR_RETRY, ask again. Blocks for some seconds at most.
 */
int sink_topic_ensure(struct sink *s, struct err *err) __attribute__((warn_unused_result));

#endif
