/* SPDX-License-Identifier: MIT */
/* The control plane: what /control/... says and does. tests/exchange/README.md lists it. GET and
 * POST mean the same; parameters are in the query. */
#ifndef EXCHANGE_CONTROL_H
#define EXCHANGE_CONTROL_H

#include "api.h"

struct truth;

struct control_answer {
	unsigned status;
	const char *type;
	struct text body;
	struct truth *truth; /* not NULL: the body is to be read from here; owned */
};

/* `unknown`: the first parameter of the request that is not in the list (NULL-terminated), or NULL.
 */
struct control_query {
	struct query query;
	const char *(*unknown)(void *cls, const char *const *known);
};

void control_handle(struct exchange *ex, const char *path, const struct control_query *q,
		    struct control_answer *a);

/* For the files that it is split into. All parse a parameter that must be there unless said; false:
 * the answer is a 400 already. */
bool control_fail(struct control_answer *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool control_series(struct exchange *ex, const struct query *q, struct control_answer *a,
		    struct market **m, enum interval *iv);
/* missing: taken where the parameter is not there. */
bool control_time(const struct query *q, const char *name, int64_t missing,
		  struct control_answer *a, int64_t *ms);
bool control_number(const struct query *q, const char *name, int64_t missing, int64_t min,
		    int64_t max, struct control_answer *a, int64_t *n);

/* Misbehaviour. */
bool control_fault(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_faults(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_faults_clear(struct exchange *ex, const struct query *q, struct control_answer *a);
void control_faults_help(struct text *out);

/* What changes the world. */
bool control_correct(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_late(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_withdraw(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_retention(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_market(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_markets(struct exchange *ex, const struct query *q, struct control_answer *a);
bool control_truth(struct exchange *ex, const struct query *q, struct control_answer *a);

#endif
