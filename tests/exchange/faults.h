/* SPDX-License-Identifier: MIT */
/* Misbehaviour on order: rules that hit the next requests which match them.
 *
 * A rule has a kind, a number where the kind needs one, a filter (path, market, interval), a count
 * of requests that it hits (-1: until it is cleared), a number of matching requests that it lets
 * pass first, and a probability. Several rules may hit one request. */
#ifndef EXCHANGE_FAULTS_H
#define EXCHANGE_FAULTS_H

#include "interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row;
struct text;

enum fault_kind {
	FAULT_DELAY,
	FAULT_HOLD,
	FAULT_TRUNCATE,
	FAULT_TRUNCATE_CHUNKED,
	FAULT_SHORT_LENGTH,
	FAULT_STATUS,
	FAULT_HTML,
	FAULT_EMPTY,
	FAULT_NULL,
	FAULT_OBJECT,
	FAULT_DRIP,
	FAULT_HTTP_429,
	FAULT_HTTP_418,
	FAULT_RESET,
	FAULT_WRONG_MARKET,
	FAULT_OFF_GRID,
	FAULT_NEWER_THAN_TO,
	FAULT_DUPLICATE_ROW,
	FAULT_UNORDERED,
	FAULT_GARBAGE_NUMBER,
	FAULT_BAD_UTF8,
	FAULT_HUGE,
	FAULT_BOMB,
	FAULT_NODATE,
	FAULT_DATE_SKEW,
	FAULT_NO_REMAINING,
	FAULT_DOWN,
	FAULTS
};

enum fault_path { FAULT_PATH_CANDLES, FAULT_PATH_MARKET, FAULT_PATH_ANY };

struct fault_rule {
	unsigned id;
	enum fault_kind kind;
	int64_t value;
	int64_t left, skip; /* requests still to hit (-1: no end), and to let pass before */
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

/* What hits one request. */
struct fault_set {
	uint32_t kinds; /* bit by kind */
	int64_t value[FAULTS];
};

/* NULL after the last. */
const char *fault_name(enum fault_kind kind);
bool fault_parse(const char *name, enum fault_kind *kind);
/* What the number of this kind means; NULL if it takes none. */
const char *fault_value_help(enum fault_kind kind);
const char *fault_help(enum fault_kind kind);

void faults_release(struct faults *f);
/* A copy of the rule is kept; returns its id. */
unsigned faults_add(struct faults *f, const struct fault_rule *rule);
/* id 0: all. Returns how many were cleared. */
unsigned faults_clear(struct faults *f, unsigned id);
/* What hits a request of that path (not ANY), market and interval (-1: none of them); counts it.
 * random: a draw of 0 <= x < 1 for each rule. */
void faults_hit(struct faults *f, enum fault_path path, const char *market, int interval,
		double (*random)(void *), void *cls, struct fault_set *set);
bool fault_is(const struct fault_set *set, enum fault_kind kind);
void faults_json(const struct faults *f, struct text *out);

/* Spoils the rows of a page, of which there is room for one more. to_ms: INT64_MAX where none was
 * asked for.
 */
void fault_spoil_rows(const struct fault_set *set, struct row *rows, size_t *n, int64_t to_ms);
/* Spoils the text of an answer. */
void fault_spoil_text(const struct fault_set *set, struct text *body);

#endif
