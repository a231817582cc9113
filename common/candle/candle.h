/* SPDX-License-Identifier: MIT */
/* A candle, and the message that carries it: the contract between all processes
 * (schemas/candle.schema.json).
 *
 * One message says: here is this candle, its digits exactly as the exchange sent them, and *in
 * [covers_from, covers_to) the exchange has no candle but this one, and this is its final form*. An
 * empty promise (covers_from == covers_to == timestamp) marks a provisional candle. */
#ifndef GAPLESS_CANDLE_H
#define GAPLESS_CANDLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/candle/interval.h"
#include "common/text/buf.h"
#include "common/text/decimal.h"

enum {
	MESSAGE_VERSION = 1,
	SYMBOL_BYTES = 32, /* with the final 0: ^[A-Z0-9]{2,10}-[A-Z0-9]{1,20}$ */
	SOURCE_BYTES = 16, /* ^[a-z0-9-]{1,15}$ : "upbit", "upbit-sg" */
	MESSAGE_MAX_BYTES =
		4096 /* a message is about 350 bytes; what is larger is refused unread */
};

struct candle {
	char symbol[SYMBOL_BYTES];
	const struct interval *interval;
	int64_t timestamp_ms; /* start of the interval, on its grid */
	char open[DECIMAL_BYTES], high[DECIMAL_BYTES], low[DECIMAL_BYTES], close[DECIMAL_BYTES];
	char volume[DECIMAL_BYTES], quote_volume[DECIMAL_BYTES]; /* plain decimals */
	int64_t revision; /* grows with each change of the candle; 0 if the exchange has none */
};

enum origin { ORIGIN_LIVE, ORIGIN_BACKFILL, ORIGIN_REPAIR };

struct message {
	struct candle candle;
	int64_t covers_from_ms, covers_to_ms;
	int64_t fetched_at_ms; /* the exchange's time of the answer */
	char source[SOURCE_BYTES];
	enum origin origin;
};

enum message_result {
	MESSAGE_OK,
	MESSAGE_BAD,  /* not a candle message: goes to the dead letters, *err says why */
	MESSAGE_NEWER /* a version that this program does not know: never skipped */
};

int symbol_is_valid(const char *symbol);
int source_is_valid(const char *source);
/* The sources that are known: an exchange (upbit), or one of its regions (upbit-sg). 0, or -1 with
 * a sentence about --source (ERR_FATAL). */
int source_check(const char *source, struct err *err) __attribute__((warn_unused_result));
/* 1 if it is that exchange, or a region of it. */
int source_is_of(const char *source, const char *exchange);

const char *origin_name(enum origin origin);
/* 0, or -1 where there is no such origin. */
int origin_by_name(const char *name, enum origin *out) __attribute__((warn_unused_result));

/* The one validation, used at both ends; syntax, grid, size and finiteness, without a clock:
 * symbol, source, interval, origin; timestamp on the grid, not before 2009-01-01 and before 9999;
 * plain decimals, volume and quote_volume >= 0; revision >= 0, fetched_at > 0. The promise is
 * either empty and at timestamp, or it covers the candle's own interval, has both bounds on the
 * grid, and ends at or before fetched_at (one about the future would hide gaps for ever). An
 * inconsistent candle (high below low) is valid: the table equals the exchange. Returns 0, or -1
 * with an ERR_INPUT sentence in printable ASCII. */
int message_validate(const struct message *m, struct err *err) __attribute__((warn_unused_result));
/* The same but for the six values. */
int message_validate_frame(const struct message *m, struct err *err)
	__attribute__((warn_unused_result));
/* The same of the candle alone, whatever program sends it and whatever is promised. */
int candle_validate(const struct candle *c, struct err *err) __attribute__((warn_unused_result));

/* 1 if high is below low, open or close, or low above open or close: counted, never refused. */
int candle_is_inconsistent(const struct candle *c);
/* 1 if both are of one symbol and interval. */
int candle_same_series(const struct candle *a, const struct candle *b);
/* 1 if both carry the same six values, compared as numbers. */
int candle_same_values(const struct candle *a, const struct candle *b);

/* Appends a valid message as flat JSON, one line without newline, no spaces, keys in the schema's
 * order. -1 if out is full. */
int message_encode(const struct message *m, struct buf *out) __attribute__((warn_unused_result));
/* Decodes and validates. Strict: one JSON object and nothing after it, valid UTF-8, no duplicate
 * keys, every known key present with its type, integers without fraction or exponent; unknown keys
 * are ignored (a later minor addition). *out is defined only on MESSAGE_OK; *err (printable ASCII)
 * only otherwise. */
enum message_result message_decode(const char *value, size_t len, struct message *out,
				   struct err *err);

/* Which of two messages of one key wins: the greatest (revision, fetched_at, volume, quote_volume).
 * <0: a loses to b, 0: alike in all four, >0: a wins. Total, so the outcome does not depend on
 * arrival. */
int message_compare(const struct message *a, const struct message *b);

#endif
