/* SPDX-License-Identifier: MIT */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/candle/candle.h"
#include "common/pg/pg_tables.h"
#include "verbs.h"
#include "writer/database/database.h"
#include "writer/database/origin.h"
#include "writer/feed/topic.h"
#include "writer/observe.h"
#include "writer/page/page.h"
#include "writer/writer.h"

static int refused(const struct err *err)
{
	log_error(err->text);
	return EXIT_USAGE;
}

/* What else the database must be for this feed. */
static int is_ours(struct pg *pg, const struct options *o, struct err *err)
{
	if (origin_check(pg, o->source, err) != 0)
		return -1;
	log_info("the database is fit", L_STR("database", PQdb(pg->conn)),
		 L_STR("host", PQhost(pg->conn)), L_STR("port", PQport(pg->conn)),
		 L_STR("user", PQuser(pg->conn)));
	return 0;
}

/* A replay may be of a copy. */
static int is_ours_live(struct pg *pg, const struct options *o, struct err *err)
{
	return pg_tables_warn_topic(pg, o->topic, err) != 0 ? -1 : is_ours(pg, o, err);
}

static int is_ours_to_replay(struct pg *pg, const struct options *o, struct err *err)
{
	return replay_run_check(pg, err) != 0 ? -1 : is_ours(pg, o, err);
}

/* Runs with the feed, which is made before the wait for the database: what is wrong with its
 * properties is a matter of settings; NULL, with *err. What the database does not know yet, the
 * topic may. */
static int run(const struct options *o, struct feed *feed, struct err *err, database_fit *is_fit,
	       struct cursor cursor, const struct retention *keep, struct observe *observe)
{
	int code;

	if (feed == NULL)
		return refused(err);
	code = source_check(o->source, err) == 0 ? database_wait(o, is_fit) : refused(err);
	if (code == EXIT_DONE && !stop_requested() && topic_check_source(o, err) != 0)
		code = refused(err);
	if (code == EXIT_DONE && !stop_requested())
		return writer_run(o, feed, cursor, keep, observe);
	if (code == EXIT_DONE)
		code = feed_exit_code(feed, code, NULL, clock_boot_ms());
	feed_free(feed);
	return code;
}

int run_live(const void *options)
{
	const struct options *o = options;
	struct retention keep;
	struct err err;
	int code;

	if (retention_parse(&keep, o->keep, &err) != 0) {
		code = refused(&err);
	} else {
		struct feed *feed = feed_group_new(o, &err);
		struct page *page = o->page ? page_new(o->database) : NULL;
		struct observe *observe = NULL;

		if (feed != NULL)
			observe = observe_new(o->http, page_routes(page), o->series_metrics);
		observe_waits(observe, "waiting for the database");
		code = run(o, feed, &err, is_ours_live, cursor_live(o->topic), &keep, observe);
		if (observe_free(observe))
			page_free(page);
	}
	retention_release(&keep);
	return code;
}

int run_replay(const void *options)
{
	const struct options *o = options;
	struct replay_spec spec;
	struct err err;
	int code;

	if (o->from_ms > clock_wall_ms()) {
		log_error("--from is in the future: the topic has nothing of that time yet");
		return EXIT_USAGE;
	}
	if (replay_spec_init(&spec, o->topic, o->from_ms, o->symbols, o->name, &err) != 0)
		code = refused(&err);
	else
		code = run(o, feed_replay_new(o, &spec, &err), &err, is_ours_to_replay,
			   cursor_replay(o->topic, spec.name), NULL, NULL);
	replay_spec_release(&spec);
	return code;
}
