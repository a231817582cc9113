/* SPDX-License-Identifier: MIT */
/* Where values go: into indicators.v1, by an idempotent producer, and into the table as well, if
 * that is wished (store.h). */
#ifndef GAPLESS_INDICATORS_OUTPUT_H
#define GAPLESS_INDICATORS_OUTPUT_H

#include "indicators/feed/commits.h"
#include "indicators/options.h"
#include "indicators/series/walk.h"

struct output;

/* NULL: *err. */
struct output *output_new(const struct options *o, struct err *err);
/* Whatever is outstanding is given up. As store_free(); NULL is allowed. */
int output_free(struct output *o, int wait_ms);

/* 1: the topic is there, and not one that would lose them. 0: not yet, which is said; it is asked
 * for now and then, and that blocks for some seconds at most. -1: *err says what a person has to
 * do. */
int output_has_topic(struct output *o, int64_t now_ms, struct err *err);
/* Somebody may have deleted it: it is asked for again. */
void output_doubt_topic(struct output *o);

/* Of which series the next values are, and what counts them: *outstanding grows by one for each
 * place that a value goes to, and shrinks by one when it is there, in a later output_step(). */
void output_begin(struct output *o, const char *symbol, const struct interval *interval,
		  int64_t *outstanding);
/* A value of it: a window_emit, to an output. Waits where the queue is full; a signal ends that,
 * and the output is broken. */
void output_value(void *output, const struct bar *bar, const struct indicator *in,
		  const struct result *r);
/* As store_moved(). */
void output_moved(struct output *o, const struct consumer_place *places, size_t n);

void output_step(struct output *o, int wait_ms);
/* Values that are not everywhere yet. */
int64_t output_outstanding(const struct output *o);
/* Why some will never be: begin again from what is committed. NULL: all is well. */
const char *output_broken(const struct output *o);
/* Waits until the topic has what is outstanding, or for so long. */
void output_drain(struct output *o, int64_t budget_ms);
/* Gives up what is outstanding: no counter is touched any more. 0, or -1: *err. */
int output_reset(struct output *o, struct err *err) __attribute__((warn_unused_result));

/* Values that were sent to the topic so far, of all states and of one. */
int64_t output_sent(const struct output *o);
int64_t output_sent_as(const struct output *o, enum result_state state);
/* 1 if the last transaction failed; never, where values go into the topic only. */
int output_fails(const struct output *o);

#endif
