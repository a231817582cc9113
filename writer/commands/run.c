/* SPDX-License-Identifier: MIT */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/candle/source.h"
#include "common/pg/pg_tables.h"
#include "verbs.h"
#include "writer/database/database.h"
#include "writer/database/origin.h"
#include "writer/feed/feed_group.h"
#include "writer/feed/feed_replay.h"
#include "writer/feed/topic.h"
#include "writer/observe.h"
#include "writer/page/page.h"
#include "writer/writer.h"

/* Asks the database, once it is there. EXIT_DONE as well after a signal. */
static int ask_database(const struct options *o,
			int (*question)(struct pg *pg, const struct options *o, struct err *err))
{
	struct pg pg = {0};
	struct err err = {0};
	int rc = -1;

	while (rc != 0 && !stop_requested()) {
		rc = database_open(&pg, o->database, -1, &err);
		if (rc == 0)
			rc = question(&pg, o, &err);
		if (rc != 0 && err.class != ERR_RETRY)
			break;
	}
	pg_close(&pg);
	if (rc == 0 || stop_requested())
		return EXIT_DONE;
	log_error(err.text);
	return EXIT_USAGE;
}

static int source_is_known(const struct options *o)
{
	struct err err;

	if (source_check(o->source, &err) == 0)
		return 1;
	log_error(err.text);
	return 0;
}

/* What the database does not know yet, the topic may. */
static int check_topic(const struct options *o)
{
	struct err err;

	if (topic_check_source(o, &err) == 0)
		return EXIT_DONE;
	log_error(err.text);
	return EXIT_USAGE;
}

static int is_ours(struct pg *pg, const struct options *o, struct err *err)
{
	if (origin_check(pg, o->source, err) != 0)
		return -1;
	log_info("the database is fit", L_STR("database", PQdb(pg->conn)),
		 L_STR("host", PQhost(pg->conn)), L_STR("port", PQport(pg->conn)),
		 L_STR("user", PQuser(pg->conn)));
	return 0;
}

/* Runs with the feed, which is made before the wait for the database: what is wrong with its
 * properties is a matter of settings. `ready` gives an exit code: EXIT_DONE to begin. */
static int run(const struct options *o, struct feed *feed, const struct err *err,
	       int (*ready)(const struct options *), struct cursor cursor,
	       const struct retention *keep, struct observe *observe)
{
	int code;

	if (feed == NULL) {
		log_error(err->text);
		return EXIT_USAGE;
	}
	code = source_is_known(o) ? ready(o) : EXIT_USAGE;
	if (code == EXIT_DONE && !stop_requested())
		code = ask_database(o, is_ours);
	if (code == EXIT_DONE && !stop_requested())
		code = check_topic(o);
	if (code == EXIT_DONE && !stop_requested())
		return writer_run(o, feed, cursor, keep, observe);
	if (code == EXIT_DONE)
		code = feed_exit_code(feed, code, NULL, clock_boot_ms());
	feed_free(feed);
	return code;
}

static int say_topic(struct pg *pg, const struct options *o, struct err *err)
{
	return pg_tables_warn_topic(pg, o->topic, err);
}

static int wait_for_tables(const struct options *o)
{
	int code = database_wait(o->database);

	return code == EXIT_DONE && !stop_requested() ? ask_database(o, say_topic) : code;
}

int run_live(const void *options)
{
	const struct options *o = options;
	struct retention keep;
	struct err err;
	int code = EXIT_USAGE;

	if (retention_parse(&keep, o->keep, &err) != 0) {
		log_error(err.text);
	} else {
		struct feed *feed = feed_group_new(o, &err);
		struct page *page = o->page ? page_new(o->database) : NULL;
		struct observe *observe = NULL;

		if (feed != NULL)
			observe = observe_new(o->http, page_routes(page), o->series_metrics);
		observe_waits(observe, "waiting for the database");
		code = run(o, feed, &err, wait_for_tables, cursor_live(o->topic), &keep, observe);
		if (observe_free(observe))
			page_free(page);
	}
	retention_release(&keep);
	return code;
}

static int has_replay_table(struct pg *pg, const struct options *o, struct err *err)
{
	(void)o;
	return replay_run_check(pg, err);
}

static int wait_for_replay_table(const struct options *o)
{
	int code = database_wait(o->database);

	return code == EXIT_DONE ? ask_database(o, has_replay_table) : code;
}

int run_replay(const void *options)
{
	const struct options *o = options;
	struct replay_spec spec;
	struct err err;
	int code = EXIT_USAGE;

	if (o->from_ms > clock_wall_ms()) {
		log_error("--from is in the future: the topic has nothing of that time yet");
		return EXIT_USAGE;
	}
	if (replay_spec_init(&spec, o->topic, o->from_ms, o->symbols, o->name, &err) != 0) {
		log_error(err.text);
	} else {
		struct feed *feed = feed_replay_new(o, &spec, &err);

		code = run(o, feed, &err, wait_for_replay_table, cursor_replay(o->topic, spec.name),
			   NULL, NULL);
	}
	replay_spec_release(&spec);
	return code;
}
