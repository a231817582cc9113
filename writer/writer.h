/* SPDX-License-Identifier: MIT */
/* The writer: Kafka on the main thread, the database on the store's. Two batches: one is filled
 * while the other is stored.
 *
 *   poll -> judge -> filling batch -> hand over -> store (one transaction) -> collect -> commit of
 * the offsets
 *
 * Whatever goes wrong with the order of things (partitions given, taken, lost; a database that lost
 * something; offsets that jump) leads to the same place: drop what is in memory, count a new
 * generation, find the start of each partition. */
#ifndef GAPLESS_WRITER_H
#define GAPLESS_WRITER_H

#include <librdkafka/rdkafka.h>

#include "batch.h"
#include "options.h"
#include "tally.h"
#include "writer/database/store.h"
#include "writer/feed/assigned.h"

struct replay;

struct writer {
	const struct options *options;
	struct replay *replay; /* NULL: the live writer */
	rd_kafka_t *rk;
	struct store *store;
	struct assigned assigned;
	int64_t generation; /* grows whenever what is in memory becomes void; a job of an older one
			       is not committed */
	struct batch batches[2];
	struct batch *filling;
	struct position_item *items; /* lent to the store unless store_is_idle() */
	int subscribed;
	int starting; /* the start of the partitions is not decided yet */
	int paused;   /* no room: the partitions that read are paused */
	int64_t topic_due_ms, start_due_ms, check_due_ms, fetch_due_ms;
	struct log_throttle say_topic, say_start, say_commit, say_dead;
	struct tally tally;
	int draining; /* what could be stored has been: nothing is flushed any more */
	int ending;   /* exit_code is decided */
	int exit_code;
};

/* Waits for the database, then runs until a signal or until it needs a person; returns the exit
 * code. Stop handling is installed. */
int writer_run(const struct options *options);
/* The same for a replay (replay.h), until it is at its end. `check`, called when the database is
 * there, gives an exit code: EXIT_DONE to begin. */
int writer_replay(const struct options *options, struct replay *replay,
		  int (*check)(const struct options *));

/* ---- between the files of the writer ---- */

/* Ends the loop with this exit code; the first one wins. What is in memory and not stored is read
 * again. */
void writer_end(struct writer *w, int exit_code);
/* Everything in memory is void: find the start of each partition again. */
void writer_restart(struct writer *w);

/* reading.c: polls for at most wait_ms, then takes what is there until the batch is full. */
void writer_read(struct writer *w, int wait_ms);

/* starting.c: finds the start of the partitions while w->starting, a step at a time; and what came
 * of it. */
void writer_start_step(struct writer *w, int64_t now_ms);
void writer_started(struct writer *w, const struct store_done *job);

/* replaying.c: where that is different for a replay */
/* Takes all partitions of the topic once it is known. */
void replaying_topic_step(struct writer *w, int64_t now_ms);
/* As writer_start_step() and writer_started(). */
void replaying_start_step(struct writer *w, int64_t now_ms);
void replaying_started(struct writer *w, const struct store_done *job);
/* A partition has nothing more before its end: it is done. */
void replaying_close(struct writer *w, struct partition *p);
/* The partition has nothing at `offset` yet. */
void replaying_eof(struct writer *w, int32_t partition, int64_t offset);
/* 1 if everything is read, stored or not; 0 for the live writer. */
int replaying_is_read(const struct writer *w);
/* Messages that are not stored yet. */
int64_t replaying_left(const struct writer *w);
/* Shows the progress; ends the loop where everything is stored. */
void replaying_step(struct writer *w, int64_t now_ms);
/* The exit code, and a sentence that goes with it. */
int replaying_end(struct writer *w);

/* storing.c */
/* Hands a due batch over, waits for or pauses at a busy store, resumes; checks the positions while
 * nothing happens. */
void writer_store_step(struct writer *w, int64_t now_ms);
/* Takes a finished job back and does what follows from it: offset commit, restart, end. */
void writer_collect(struct writer *w);
/* Stores and commits what is in memory within the time; gives it up where the database is away. */
void writer_flush(struct writer *w, int64_t budget_ms);
/* Gives up what is in memory, the running job included. */
void writer_drop(struct writer *w);

#endif
