/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include <stdio.h>
#include <string.h>

enum {
	FIRST_MS = 100,
	MOST_MS = 10000,
	WAIT_MS = 5000,
	BROKEN_MS = 30000,
	SAY_MS = 60000,
	SAY_AGAIN_MS = 10000,
	DOUBT_MS = 60000
};

enum policy policy_of(enum err_class class, const char *sqlstate)
{
	/* 23505: another unique constraint than ours refuses rows. 21000: the batch holds a key
	 * twice. */
	static const char *const broken[] = {"23505", "21000"};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		if (strcmp(sqlstate, broken[i]) == 0)
			return POLICY_BROKEN;
	}
	/* 53400: a limit of the server's configuration, such as TimescaleDB's of decompressed rows.
	 * 54: a limit of the program. */
	if (strcmp(sqlstate, "53400") == 0 || strncmp(sqlstate, "54", 2) == 0)
		return POLICY_LESS;
	switch (class) {
	case ERR_INPUT:
		return POLICY_ROW;
	case ERR_FATAL:
		return POLICY_WAIT;
	case ERR_NONE:
	case ERR_RETRY:
		break;
	}
	return POLICY_AGAIN;
}

void retry_learn(struct retry *r, enum policy policy, enum err_class class, const char *sqlstate)
{
	int nothing = policy == POLICY_AGAIN || (policy == POLICY_ROW && class == ERR_RETRY);

	r->learned = policy;
	snprintf(r->sqlstate, sizeof(r->sqlstate), "%s", nothing ? "" : sqlstate);
}

enum policy retry_repeated(struct retry *r, enum policy policy, const char *sqlstate)
{
	r->timeouts = strcmp(sqlstate, "57014") == 0 ? r->timeouts + 1 : 0;
	if (*sqlstate != '\0' && strcmp(sqlstate, r->sqlstate) == 0)
		return r->learned;
	return r->timeouts > 1 ? POLICY_LESS : policy;
}

int retry_doubts_rows(struct retry *r, enum policy policy, const char *sqlstate, int64_t now_ms)
{
	int patient = policy == POLICY_AGAIN || policy == POLICY_LESS;

	if (*sqlstate == '\0' || r->failing_since_ms == 0 ||
	    (patient && now_ms - r->failing_since_ms < DOUBT_MS) ||
	    (r->searched_ms != 0 && now_ms - r->searched_ms < DOUBT_MS))
		return 0;
	r->searched_ms = now_ms;
	return 1;
}

void retry_init(struct retry *r)
{
	backoff_init(&r->backoff, FIRST_MS, MOST_MS);
}

/* The sentence, at once and then every so often. A cause for a person does not wait because another
 * one was told a moment ago. */
static void say(struct retry *r, int transient, const struct err *err, const char *sqlstate,
		int64_t now_ms)
{
	if (!transient && strcmp(sqlstate, r->said) != 0) {
		snprintf(r->said, sizeof(r->said), "%s", sqlstate);
		r->say_person.last_ms = 0;
	}
	LOG_EVERY(transient ? &r->say : &r->say_person, now_ms, transient ? SAY_AGAIN_MS : SAY_MS,
		  transient ? LOG_WARN : LOG_ERROR,
		  err->class == ERR_FATAL
			  ? "the database cannot be used; waiting, nothing is lost"
			  : "the database cannot store now; trying again, nothing is lost",
		  L_STR("error", err->text), L_STR("sqlstate", sqlstate),
		  L_INT("seconds", (now_ms - r->failing_since_ms) / 1000));
}

int64_t retry_failed(struct retry *r, enum policy policy, const struct err *err,
		     const char *sqlstate, int64_t now_ms)
{
	if (r->failing_since_ms == 0)
		r->failing_since_ms = now_ms;
	if (policy != POLICY_BROKEN)
		r->broken_since_ms = 0;
	else if (r->broken_since_ms == 0)
		r->broken_since_ms = now_ms;
	if (policy == POLICY_LESS)
		policy = POLICY_AGAIN;
	say(r, policy == POLICY_AGAIN, err, sqlstate, now_ms);
	if (policy == POLICY_BROKEN && now_ms - r->broken_since_ms >= BROKEN_MS)
		return RETRY_NEVER;
	return policy == POLICY_AGAIN ? backoff_next_ms(&r->backoff, backoff_random()) : WAIT_MS;
}

void retry_succeeded(struct retry *r, int64_t now_ms)
{
	if (r->failing_since_ms != 0)
		log_info("the database is back",
			 L_INT("seconds", (now_ms - r->failing_since_ms) / 1000));
	r->failing_since_ms = r->broken_since_ms = 0;
	r->timeouts = 0;
	r->searched_ms = 0;
	r->say = r->say_person = (struct log_throttle){0, 0};
	r->said[0] = '\0';
	backoff_reset(&r->backoff);
}

int retry_is_broken(const struct retry *r)
{
	return r->broken_since_ms != 0;
}
