/* SPDX-License-Identifier: MIT */
/* Misbehaviour on order: rules that hit the next requests which match them.
 *
 * A rule has a kind, a value if the kind needs one, a filter (path, market, interval), a row that
 * it spoils (some kinds), a count of requests that it hits (-1: until it is cleared), a number of
 * matching requests that it lets pass first, a period (every: the first of so many), a time at
 * which it ends, and a probability. Several rules may hit one request.
 *
 * What a kind does is in the file of its family: fault_rows.c (rows of a page), fault_text.c (its
 * JSON), fault_list.c (lists of markets), fault_answer.c (status, body, headers), fault_wire.c
 * (bytes on the wire) and server.c (connections). fault_kinds.c is the table of their names. */
#ifndef EXCHANGE_FAULTS_H
#define EXCHANGE_FAULTS_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

enum fault_kind {
	/* rows of a page */
	FAULT_SHORT_OLDEST,
	FAULT_SHORT_NEWEST,
	FAULT_SHORT_MIDDLE,
	FAULT_HISTORY_FROM,
	FAULT_WITHOUT_ROW,
	FAULT_LESS_REVISION,
	FAULT_LESS_VOLUME,
	FAULT_BEHIND,
	FAULT_SAME_ROW_TWICE,
	FAULT_DUPLICATE_ROW,
	FAULT_UNORDERED,
	FAULT_OFF_GRID,
	FAULT_NEWER_THAN_TO,
	FAULT_WRONG_MARKET,
	FAULT_GARBAGE_NUMBER,
	/* the JSON of a page */
	FAULT_BAD_FIELD,
	FAULT_KEY_ORDER,
	FAULT_UNKNOWN_KEYS,
	FAULT_BAD_UTF8,
	FAULT_SHORT_LENGTH,
	/* lists of markets */
	FAULT_LIST_WITHOUT,
	FAULT_LIST_ONLY,
	FAULT_LIST_SHORT,
	/* status, body, headers */
	FAULT_STATUS,
	FAULT_FORBIDDEN,
	FAULT_HTML,
	FAULT_NO_BODY,
	FAULT_EMPTY,
	FAULT_NULL,
	FAULT_OBJECT,
	FAULT_HTTP_429,
	FAULT_HTTP_418,
	FAULT_NO_LENGTH,
	FAULT_RETRY_AFTER,
	FAULT_NO_REMAINING,
	FAULT_NODATE,
	FAULT_DATE_SKEW,
	/* bytes on the wire */
	FAULT_TRUNCATE,
	FAULT_TRUNCATE_CHUNKED,
	FAULT_RESET_INSIDE,
	FAULT_SLOW,
	FAULT_DRIP,
	FAULT_HUGE,
	FAULT_BOMB,
	/* connections */
	FAULT_DELAY,
	FAULT_HOLD,
	FAULT_HANG,
	FAULT_RESET,
	FAULT_RESET_REUSED,
	FAULT_CLOSE_AFTER,
	FAULT_DOWN,
	FAULTS
};

enum fault_path { FAULT_PATH_CANDLES, FAULT_PATH_MARKET, FAULT_PATH_ANY };

enum fault_value { FAULT_PLAIN, FAULT_NUMBER, FAULT_TIME, FAULT_WORDS };

/* What is said about a kind. */
struct fault_info {
	const char *name, *value; /* value: what it means; NULL for FAULT_PLAIN */
	const char *help;
	enum fault_value type;
	enum fault_path path; /* where none is named */
	bool one_row;         /* takes row= */
	bool harmless;        /* the answer is as good as without it */
	int64_t least, most;  /* of a number */
};

#define FAULT_WORDS_SIZE 256

struct fault_hit {
	enum fault_kind kind;
	int64_t value;
	int64_t row_ms; /* INT64_MIN: no row was named */
	char words[FAULT_WORDS_SIZE];
};

struct fault_rule {
	unsigned id;
	struct fault_hit does;
	int64_t left, skip;  /* requests still to hit (-1: no end), and to let pass before */
	int64_t every, seen; /* of `every` matching requests the first is hit; how many came */
	int64_t until_ms;    /* sandbox time; INT64_MAX: no end */
	uint64_t hits;
	double probability;
	enum fault_path path;
	char market[32]; /* "": any */
	int interval;    /* -1: any */
	struct fault_rule *next;
};

struct faults {
	struct fault_rule *first;
	unsigned last_id;
	uint64_t hits;
};

#define FAULT_HITS 8

/* What hits one request: bits by kind, and the first FAULT_HITS rules in their order. */
struct fault_set {
	uint64_t kinds;
	unsigned n;
	struct fault_hit hits[FAULT_HITS];
};

/* A request, as rules see it. */
struct fault_request {
	enum fault_path path; /* not ANY */
	const char *market;   /* NULL: of none */
	int interval;         /* -1: of none */
	int64_t to_ms;        /* INT64_MAX: none was given */
	int64_t now_ms;       /* sandbox time */
};

const struct fault_info *fault_info(enum fault_kind kind);
const char *fault_name(enum fault_kind kind);

void faults_release(struct faults *f);
/* A copy of the rule is kept; returns its id. */
unsigned faults_add(struct faults *f, const struct fault_rule *rule);
/* id 0: all. Returns how many were cleared. */
unsigned faults_clear(struct faults *f, unsigned id);
/* What hits a request; counts it. random: a draw of 0 <= x < 1 for each rule. */
void faults_hit(struct faults *f, const struct fault_request *r, double (*random)(void *),
		void *cls, struct fault_set *set);
bool fault_is(const struct fault_set *set, enum fault_kind kind);
/* The value of the first hit of that kind; 0 if there is none. */
int64_t fault_value(const struct fault_set *set, enum fault_kind kind);
/* The first hit of that kind after `after` (NULL: from the start); NULL: there is none. */
const struct fault_hit *fault_next(const struct fault_set *set, enum fault_kind kind,
				   const struct fault_hit *after);
/* Whether nothing but harmless faults hit. */
bool faults_harmless(const struct fault_set *set);
void faults_json(const struct faults *f, struct text *out);

#endif
