/* SPDX-License-Identifier: MIT */
/* Upbit's REST API, without the connection it came by: a call is read, then answered. */
#ifndef EXCHANGE_API_H
#define EXCHANGE_API_H

#include "exchange.h"
#include "text.h"

#define API_CHECK_VALUE "Invalid parameter. Check the given value!"

/* Parameters of a request by name; NULL if there is none. */
struct query {
	const char *(*get)(void *cls, const char *name);
	void *cls;
};

enum api_kind { API_CANDLES, API_MARKETS, API_UNKNOWN };

struct api_call {
	enum api_kind kind;
	enum interval interval;
	int64_t to_ms; /* INT64_MAX: none was given */
	size_t count;
	bool details, with_origin;
	char market_name[MARKET_NAME];
	struct market *market; /* NULL: not one of ours */
	uint64_t arrival;      /* of arrivals.h */
	const char *wrong;     /* message of a 400, or NULL */
	struct limit_verdict verdict;
	struct fault_set faults;
};

struct answer {
	unsigned status;
	const char *type;
	struct text body;
	char remaining[64];   /* Remaining-Req, "" for none */
	char date[40];        /* Date, "" for none */
	char retry_after[16]; /* Retry-After, "" for none */
	size_t rows;
	bool good; /* a 200 that no fault has spoiled */
};

/* Reads the call, counts it against the limits and meets its faults: once for each request, as it
 * arrives. */
void api_arrive(struct exchange *ex, const char *path, const struct query *q, bool with_origin,
		struct api_call *call);
/* An error as Upbit words it: a number for a name. */
void api_put_error(struct answer *a, unsigned status, const char *message);
/* Makes the answer as things stand now. */
void api_answer(struct exchange *ex, const struct api_call *call, struct answer *a);

#endif
