/* SPDX-License-Identifier: MIT */
#include "transaction.h"

#include <string.h>

#include "check.h"
#include "common/base/fault.h"
#include "common/base/log.h"
#include "coverage.h"
#include "dead_letters.h"
#include "transaction_sql.h"

/* So many batches are stored without COPY after another writer was in the way: it may well be at
 * the next ones, too. */
enum { UPSERTS = 16, ROLLBACK_MS = 5000 };

/* COMMIT of a transaction that had failed answers ROLLBACK, without an error. */
static enum transaction commit(struct pg *pg, struct err *err)
{
	PGresult *res = pg_query(pg, "COMMIT", PG_NONE, PG_DEADLINE_MS, err);
	int committed = res != NULL && strcmp(PQcmdStatus(res), "COMMIT") == 0;

	if (res == NULL && strstr(err->text, "has not answered") != NULL) /* our own words */
		err_set(err, ERR_RETRY,
			"the database has not answered a COMMIT (does it wait for a synchronous standby "
			"that is gone? see synchronous_standby_names)");
	if (res != NULL && !committed)
		err_set(err, ERR_RETRY, "the database answered COMMIT with %s", PQcmdStatus(res));
	PQclear(res);
	return committed ? TRANSACTION_DONE : TRANSACTION_FAILED;
}

/* Somebody may have altered the tables under us: a column of another type takes what is written,
 * and rounds it. Under the locks of this transaction. */
static enum transaction check_shape(struct session *db, const char *shape, struct err *err)
{
	enum check check;
	int64_t is_chunked;

	if (strcmp(shape, db->shape) == 0)
		return TRANSACTION_DONE;
	if (pg_forget_prepared(&db->pg, err) != 0)
		return TRANSACTION_FAILED;
	check = check_tables(&db->pg, err);
	if (check != CHECK_FIT)
		return check == CHECK_FAILED ? TRANSACTION_FAILED : TRANSACTION_UNFIT;
	if ((*db->shape != '\0' && check_triggers(&db->pg, err) != 0) ||
	    pg_ask(&db->pg, SQL_IS_CHUNKED, PG_NONE, PG_DEADLINE_MS, &is_chunked, err) != 0)
		return TRANSACTION_FAILED;
	session_note_shape(db, shape, (int)is_chunked);
	return TRANSACTION_DONE;
}

/* One try, rolled back unless it is done or has failed. */
static enum transaction store(struct session *db, const struct batch *b, enum candles_way way,
			      const atomic_int *abandon, struct outcomes *outcomes, struct err *err)
{
	enum transaction result;
	char shape[SHAPE_BYTES];
	int lost = 0;

	memset(outcomes, 0, sizeof(*outcomes));
	if (cursor_begin(db, shape, err) != 0)
		return TRANSACTION_FAILED;
	result = check_shape(db, shape, err);
	if (result == TRANSACTION_DONE && cursor_lock(db, b, &lost, err) != 0)
		return TRANSACTION_FAILED;
	if (lost)
		result = TRANSACTION_LOST;
	else if (result == TRANSACTION_DONE)
		result = candles_store(db, b, way, outcomes, err);
	if (result == TRANSACTION_DONE) {
		if (coverage_store(db, b, err) != 0 || cursor_move(db, b, err) != 0 ||
		    dead_letters_store(db, b, &outcomes->n[TALLY_DEAD_LETTERS], err) != 0)
			result = TRANSACTION_FAILED;
		else if (atomic_load(abandon))
			result = TRANSACTION_ABANDONED;
		else
			result = commit(&db->pg, err);
	}
	if (result != TRANSACTION_DONE && result != TRANSACTION_FAILED &&
	    pg_run(&db->pg, "ROLLBACK", PG_NONE, ROLLBACK_MS, &(struct err){0}) != 0)
		pg_close(&db->pg);
	return result;
}

enum transaction transaction_store(struct session *db, const struct batch *b,
				   const atomic_int *abandon, struct outcomes *outcomes,
				   struct err *err)
{
	enum candles_way way = session_avoids_copy(db) ? CANDLES_UPSERT : CANDLES_COPY;
	enum transaction result;

	FAULT("before_db");
	result = store(db, b, way, abandon, outcomes, err);
	if (result == TRANSACTION_REDO) {
		log_debug("a batch is stored again without COPY", L_STR("error", err->text),
			  L_STR("sqlstate", db->pg.sqlstate));
		session_avoid_copy(db, UPSERTS);
		pg_clear_sqlstate(&db->pg);
		result = store(db, b, CANDLES_UPSERT, abandon, outcomes, err);
		outcomes->n[TALLY_STORED_AGAIN] = 1;
	} else if (result == TRANSACTION_DONE) {
		session_stored(db);
	}
	return result;
}

/* A question does not wait for somebody's lock as long as a batch does. */
static int begin_to_try(struct session *db, struct err *err)
{
	char shape[SHAPE_BYTES];

	return cursor_begin(db, shape, err) != 0 ? -1 : pg_exec(&db->pg, SQL_WAIT_A_MOMENT, err);
}

int transaction_try_rows(struct session *db, const struct batch *b, size_t from, size_t to,
			 struct err *err)
{
	if (begin_to_try(db, err) != 0 || candles_try(db, b, from, to, err) != 0)
		return -1;
	return pg_exec(&db->pg, "ROLLBACK", err);
}

int transaction_try_another(struct session *db, const char *symbol, struct err *err)
{
	PGresult *res;
	int taken;

	if (begin_to_try(db, err) != 0)
		return -1;
	res = pg_query(&db->pg, SQL_ANOTHER, PG_VALUES(symbol), PG_DEADLINE_MS, err);
	if (res == NULL)
		return -1;
	taken = *PQcmdTuples(res) == '1';
	PQclear(res);
	if (!taken)
		return err_set(err, ERR_RETRY, "the table has no row of another symbol");
	return pg_exec(&db->pg, "ROLLBACK", err);
}
