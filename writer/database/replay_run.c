/* SPDX-License-Identifier: MIT */
#include "replay_run.h"

#include <string.h>

enum { ARRAYS = 4 };

/* The lock lets one at a time begin; it waits for the batches of other replays, and they for it, a
 * moment each. */
#define SQL_BEGIN PG_BEGIN "; LOCK TABLE market_data_replay IN SHARE ROW EXCLUSIVE MODE"

#define SQL_READ                                                                                                \
	"SELECT partition, start_offset, next_offset, end_offset, arguments, dead_run FROM market_data_replay " \
	"WHERE name = $1 ORDER BY partition FOR UPDATE"

#define SQL_WRITE                                                                                                            \
	"INSERT INTO market_data_replay AS r (name, arguments, partition, start_offset, next_offset, end_offset) "           \
	"SELECT $1, $2, partition, start_offset, next_offset, end_offset "                                                   \
	"FROM unnest($4::int[], $5::bigint[], $6::bigint[], $7::bigint[]) "                                                  \
	"AS b(partition, start_offset, next_offset, end_offset) ORDER BY partition "                                         \
	"ON CONFLICT (name, partition) DO UPDATE SET arguments = excluded.arguments, start_offset = excluded.start_offset, " \
	"next_offset = excluded.next_offset, end_offset = excluded.end_offset, "                                             \
	"began_at = CASE WHEN $3::boolean THEN now() ELSE r.began_at END, "                                                  \
	"dead_run = CASE WHEN $3::boolean THEN 0 ELSE r.dead_run END"

/* Partitions that the topic does not have any more. */
#define SQL_CLOSE_STRAYS                                          \
	"UPDATE market_data_replay SET next_offset = end_offset " \
	"WHERE name = $1 AND partition <> ALL ($2::int[]) AND next_offset < end_offset"

#define SQL_CHECK                                                                                   \
	"SELECT CASE WHEN t IS NULL THEN 'the database has no table market_data_replay; run: "      \
	"gapless-writer migrate' WHEN NOT (has_table_privilege(t, 'SELECT') "                       \
	"AND has_table_privilege(t, 'INSERT') AND has_table_privilege(t, 'UPDATE')) THEN "          \
	"format('the role %s may not write market_data_replay; its owner mends that with: GRANT "   \
	"SELECT, INSERT, UPDATE ON market_data_replay TO \"%s\"', current_user, current_user) END " \
	"FROM to_regclass('market_data_replay') AS t"

static struct replay_part *part_find(const struct replay_run *run, int64_t partition)
{
	for (size_t i = 0; i < run->n; i++) {
		if (run->parts[i].partition == partition)
			return &run->parts[i];
	}
	return NULL;
}

/* 0 and the number of unfinished rows that have no part in *strays, or -1. */
static int read_rows(struct pg *pg, struct replay_run *run, size_t *strays, struct err *err)
{
	PGresult *res = pg_query(pg, SQL_READ, PG_VALUES(run->spec->name), PG_DEADLINE_MS, err);
	int rc = 0;

	*strays = 0;
	if (res == NULL)
		return -1;
	for (size_t i = 0; i < run->n; i++)
		run->parts[i].has_row = 0;
	for (int row = 0; row < PQntuples(res) && rc == 0; row++) {
		struct replay_part *p = part_find(run, pg_number(res, row, 0));
		int unfinished = pg_number(res, row, 2) < pg_number(res, row, 3);

		if (unfinished && !run->restart &&
		    strcmp(PQgetvalue(res, row, 4), run->spec->arguments) != 0)
			rc = err_set(
				err, ERR_INPUT,
				"the replay \"%.100s\" is not complete and reads something else (%.200s): give it the "
				"arguments that it had, another --name, or --restart",
				run->spec->name, PQgetvalue(res, row, 4));
		if (p == NULL) {
			*strays += unfinished != 0;
			continue;
		}
		p->has_row = 1;
		p->start = pg_number(res, row, 1);
		p->next = pg_number(res, row, 2);
		p->end = pg_number(res, row, 3);
		p->dead_run = pg_number(res, row, 5);
	}
	PQclear(res);
	return rc;
}

static int write_rows(struct session *db, const struct replay_run *run, struct err *err)
{
	const char *values[3 + ARRAYS] = {run->spec->name, run->spec->arguments,
					  run->begun == REPLAY_GOES_ON ? "false" : "true"};

	session_clear(db);
	for (size_t i = 0; i < run->n; i++) {
		pgarray_int(&db->a[0], run->parts[i].partition);
		pgarray_int(&db->a[1], run->parts[i].start);
		pgarray_int(&db->a[2], run->parts[i].next);
		pgarray_int(&db->a[3], run->parts[i].end);
	}
	if (session_values(db, ARRAYS, &values[3], err) != 0 ||
	    pg_run(&db->pg, SQL_WRITE, (struct pg_params){3 + ARRAYS, values}, PG_DEADLINE_MS,
		   err) != 0)
		return -1;
	if (run->begun == REPLAY_GOES_ON)
		return 0;
	return pg_run(&db->pg, SQL_CLOSE_STRAYS,
		      (struct pg_params){2, (const char *const[]){values[0], values[3]}},
		      PG_DEADLINE_MS, err);
}

int replay_run_begin(struct session *db, struct replay_run *run, struct err *err)
{
	size_t strays;

	if (pg_exec(&db->pg, SQL_BEGIN, err) != 0)
		return -1;
	if (read_rows(&db->pg, run, &strays, err) != 0) {
		if (err->class == ERR_INPUT && pg_exec(&db->pg, "ROLLBACK", &(struct err){0}) != 0)
			pg_close(&db->pg);
		return -1;
	}
	run->begun = replay_decide(run->parts, run->n, run->running, run->restart, strays);
	if (write_rows(db, run, err) != 0)
		return -1;
	return pg_exec(&db->pg, "COMMIT", err);
}

int replay_run_check(struct pg *pg, struct err *err)
{
	return pg_complains(pg, SQL_CHECK, PG_NONE, ERR_FATAL, err) == 0 ? 0 : -1;
}
