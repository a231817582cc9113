/* SPDX-License-Identifier: MIT */
/* What the producer has to know of an exchange: how it is asked, what its answers mean, and its
 * traits. One table of functions for each; nothing outside this folder knows which one it is. All
 * of it is pure: bytes come in, and the sockets are producer/http's.
 *
 * To add one: a file for its requests and answers, a line in exchanges.c. How others differ: pages
 * of another size, oldest first, bounds that are inclusive, times in seconds, prices as strings,
 * errors inside a 200. */
#ifndef GAPLESS_EXCHANGE_H
#define GAPLESS_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/candle/interval.h"
#include "producer/exchange/markets.h"
#include "producer/exchange/page.h"

enum { EXCHANGE_URL_BYTES = 512 };

/* What the head of an answer says beside its status. */
struct exchange_head {
	int64_t date_ms; /* the exchange's clock; 0: it does not say */
	int remaining;   /* candle requests left in the exchange's current second; -1: not said */
	int64_t wait_ms; /* nothing is to be asked for so long, a week at most; 0: not said */
};

/* What came of a request. A failure has a size, which says who has to wait. */
enum failure {
	FAILURE_NONE,   /* the body is to be parsed */
	FAILURE_LIMIT,  /* too many requests: all, for a moment; then slower */
	FAILURE_BAN,    /* this address is blocked: all, as long as was said (block_ms) */
	FAILURE_SERIES, /* there is no such market, or not any more: this one */
	FAILURE_SPAN,   /* the request is wrong, or its answer no page: this span of this series */
	FAILURE_OUTAGE, /* nothing of its own came, or it cannot answer now: all (outage.h) */
	FAILURE_AGAIN /* of no answer: nothing was learned, to be asked again when there is room */
};

struct exchange {
	const char *name; /* the beginning of a source: "upbit", as in "upbit-sg" */
	int page_rows;    /* rows of a page, at most */
	/* How far back an interval's candles are available at all; 0: no limit is known. */
	int64_t (*retention_ms)(const struct interval *iv);

	/* Address of a page of `count` (1 to page_rows) candles that start before to_ms
	 * (PAGE_NO_TO: the newest, the one that is still forming included), and of the list of
	 * markets. `base` comes with or without a final slash. -1 (ERR_FATAL): it does not fit or
	 * makes no sense. */
	int (*candles_url)(const char *base, const char *symbol, const struct interval *iv,
			   int64_t to_ms, int count, char *out, size_t cap, struct err *err);
	int (*markets_url)(const char *base, char *out, size_t cap, struct err *err);

	/* All lines of a head (http.h's `head`). *head needs no initialisation. */
	void (*head_read)(struct exchange_head *head, const char *lines, size_t len);
	/* Judges an answer that arrived. *block_ms is set in any case; of a ban it is its length,
	 * 0: not said. *err gets a complete sentence; its class is ERR_NONE for NONE, ERR_INPUT for
	 * SERIES and SPAN, else ERR_RETRY. */
	enum failure (*judge)(int status, const char *body, size_t len, int64_t *block_ms,
			      struct err *err);
	/* The bodies (page.h, markets.h). -1: ERR_INPUT, and *out is empty. */
	int (*page_parse)(const char *body, size_t len, const char *symbol,
			  const struct interval *iv, int64_t to_ms, struct page *out,
			  struct err *err);
	int (*markets_parse)(const char *body, size_t len, struct markets *out, struct err *err);
};

#endif
