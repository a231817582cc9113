/* SPDX-License-Identifier: MIT */
/* Heads and failures of Upbit's answers. Pure. */
#ifndef GAPLESS_UPBIT_ANSWER_H
#define GAPLESS_UPBIT_ANSWER_H

#include "producer/exchange/exchange.h"

/* Takes header lines ("Name: value", each with its end, but for the last perhaps). Names in any
 * case; lines of no interest and broken ones change nothing. Remaining-Req counts for the group of
 * candles only ("candles" on the wire, "candle" in the docs). Retry-After, which Upbit does not
 * document: seconds, or a time against the Date beside it. */
void upbit_head_read(struct exchange_head *head, const char *lines, size_t len);

/* 429 is a limit, 418 a ban, 404 with the exchange's error object a failure of the series; 401,
 * 403, 407, 408, 451, a 404 of somebody else, 5xx, 3xx, HTML or nothing with 200, and anything else
 * an outage; other 4xx one of the span. The length of a ban is the first number of the body's
 * message that stands before a unit of time ("... for 10 seconds", "...10초"), at most a week. The
 * sentence has the status and the exchange's message (escaped, cut). */
enum failure upbit_judge(int status, const char *body, size_t len, int64_t *block_ms,
			 struct err *err);

#endif
