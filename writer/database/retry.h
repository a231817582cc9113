/* SPDX-License-Identifier: MIT */
/* What a failure of the database leads to: how long to wait, when to say so, when it needs a
 * person. Time comes in. */
#ifndef GAPLESS_RETRY_H
#define GAPLESS_RETRY_H

#include <stdint.h>

#include "common/base/backoff.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/pg/pg_error.h"

enum policy {
	POLICY_AGAIN, /* transient: reconnect and try again, with growing pauses, for ever */
	POLICY_ROW,   /* one row is bad: find it */
	POLICY_LESS,  /* it is too much for one transaction: halve it; a single row as AGAIN */
	POLICY_WAIT,  /* a migration or a restore may be running, or a person must act: try again
			 every few seconds, for ever */
	POLICY_BROKEN /* as WAIT, for half a minute; then it needs a person */
};

/* Pure. */
enum policy policy_of(enum err_class class, const char *sqlstate);

/* Private but for its functions; zero it first. */
struct retry {
	struct backoff backoff;
	struct log_throttle say, say_person; /* of what may go by itself, and of what will not */
	char said[PG_SQLSTATE_BYTES];        /* of the latter */
	int64_t failing_since_ms, broken_since_ms; /* 0: it is not */
	int timeouts;                              /* of statements, in a row */
	int64_t searched_ms;                       /* for the rows that are to blame; 0: not yet */
	enum policy learned;                       /* for this SQLSTATE */
	char sqlstate[PG_SQLSTATE_BYTES];
};

enum { RETRY_NEVER = -1 };

void retry_init(struct retry *r);
/* What a search has shown of a SQLSTATE: POLICY_ROW or POLICY_LESS is what follows the next time,
 * at once; POLICY_AGAIN: nothing, and nothing of an error of that class which may go by itself:
 * the next lock is waited for as this one was. */
void retry_learn(struct retry *r, enum policy policy, enum err_class class, const char *sqlstate);
/* The policy after a failure, given those before it: what a search has shown; and a statement that
 * takes too long (57014) once may have waited for something, twice in a row it is too much. */
enum policy retry_repeated(struct retry *r, enum policy policy, const char *sqlstate);
/* Whether it is time to ask if rows of the batch are to blame, though the failure is not about
 * data: where it will hardly go by itself, once it has come again; where it may, after a minute;
 * and then once a minute. Called before retry_failed(). */
int retry_doubts_rows(struct retry *r, enum policy policy, const char *sqlstate, int64_t now_ms);
/* A try failed: says so where that is due. Returns how long to pause, in milliseconds, or
 * RETRY_NEVER: by now it needs a person. POLICY_ROW: the row was not found. */
int64_t retry_failed(struct retry *r, enum policy policy, const struct err *err,
		     const char *sqlstate, int64_t now_ms);
void retry_succeeded(struct retry *r, int64_t now_ms);
/* 1 if the last failure was POLICY_BROKEN. */
int retry_is_broken(const struct retry *r);

#endif
