/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/candle/intake.h"
#include "verbs.h"
#include "writer/database/cursor.h"
#include "writer/database/database.h"
#include "writer/database/dead_letters.h"
#include "writer/feed/arrivals.h"
#include "writer/feed/topic.h"

enum { WAIT_MS = 30000, POLL_MS = 100, REASON_BYTES = 1024 };

static int check(const struct options *o, struct err *err)
{
	if (o->partition < 0 || o->offset < 0)
		return err_set(err, ERR_FATAL,
			       "name the message: --partition and --offset, as the log of the "
			       "writer that is halted has them");
	return 0;
}

static int has_partition(struct consumer *c, const struct options *o, struct err *err)
{
	int n = consumer_topic_partitions(c, err);

	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_FATAL, "there is no topic %s", o->topic);
	if (o->partition >= n)
		return err_set(err, ERR_FATAL,
			       "the topic %s has no partition %" PRId64 "; its last one is %d",
			       o->topic, o->partition, n - 1);
	return 0;
}

/* The message at the offset; there until the next poll. */
static int read_message(struct consumer *c, const struct options *o, struct arrival *m,
			struct err *err)
{
	int64_t until = clock_boot_ms() + WAIT_MS;
	const rd_kafka_message_t *polled;

	while (clock_boot_ms() < until && !stop_requested()) {
		switch (consumer_poll(c, POLL_MS, &polled)) {
		case CONSUMER_MESSAGE:
			*m = arrival_of(polled);
			if (m->offset == o->offset)
				return 0;
			return err_set(err, ERR_FATAL,
				       "there is no message at offset %" PRId64
				       " of partition %" PRId64 "; the next one is at %" PRId64,
				       o->offset, o->partition, m->offset);
		case CONSUMER_EOF:
		case CONSUMER_OUT_OF_RANGE:
			return err_set(err, ERR_FATAL,
				       "there is no message at offset %" PRId64
				       " of partition %" PRId64 " (any more, or yet)",
				       o->offset, o->partition);
		default:
			break;
		}
	}
	return err_set(err, ERR_RETRY, "Kafka did not deliver the message within %d s",
		       WAIT_MS / 1000);
}

/* Only what this program, with these settings, would be halted by. */
static int judge(const struct options *o, const struct arrival *m, char *reason, struct err *err)
{
	struct message message = {0};
	struct err why = {0};
	enum intake kind =
		intake_judge(o->source, m->key, m->key_len, m->value, m->value_len, &message, &why);

	if (kind != INTAKE_HALT)
		return err_set(err, ERR_FATAL,
			       "the message at offset %" PRId64 " of partition %" PRId64
			       " halts nobody, so it is not skipped: it is %s",
			       m->offset, o->partition,
			       kind == INTAKE_CANDLE ? "a candle that the writer stores"
			       : kind == INTAKE_SKIP ? "empty, and passed anyway"
						     : "one of the dead letters anyway");
	snprintf(reason, REASON_BYTES, "skipped by hand%s%s: %s", *o->reason ? ", " : "", o->reason,
		 why.text);
	return 0;
}

static int write_letter(struct session *db, const struct arrival *m, const char *reason,
			struct err *err)
{
	struct batch b = {0};
	int64_t n;
	int rc;

	batch_init(&b, (struct batch_limits){1, 1, 0});
	batch_add_dead_letter(&b, m, reason);
	rc = dead_letters_store(db, &b, &n, err);
	batch_release(&b);
	return rc;
}

static int skip(struct consumer *c, const struct options *o, struct err *err)
{
	const struct consumer_place from = {(int32_t)o->partition, o->offset};
	char reason[REASON_BYTES] = "";
	struct arrival m = {0};
	struct session db;
	int rc = -1;

	session_init(&db, cursor_live(o->topic));
	if (has_partition(c, o, err) == 0 && consumer_assign(c, &from, 1, err) == 0 &&
	    read_message(c, o, &m, err) == 0 && judge(o, &m, reason, err) == 0 &&
	    database_open(&db.pg, o->database, WAIT_MS, err) == 0 &&
	    database_fits(&db.pg, err) == 0)
		rc = write_letter(&db, &m, reason, err);
	session_release(&db);
	return rc;
}

int skip_run(const void *options)
{
	const struct options *o = options;
	struct err err;
	struct consumer *c = NULL;
	int code = EXIT_USAGE;

	if (check(o, &err) == 0)
		c = topic_consumer_new(o, CONSUMER_ALONE, &err);
	if (c != NULL && skip(c, o, &err) == 0) {
		code = EXIT_DONE;
		printf("skipped: the message at offset %" PRId64 " of partition %" PRId64
		       " of %s is in candle_dead_letter; a writer that it halts goes on within "
		       "some seconds\n",
		       o->offset, o->partition, o->topic);
	} else {
		if (c != NULL && err.class == ERR_RETRY)
			code = EXIT_PERSON;
		log_error(err.text);
	}
	if (c != NULL) {
		consumer_close(c);
		consumer_free(c);
	}
	return code;
}
