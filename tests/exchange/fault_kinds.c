/* SPDX-License-Identifier: MIT */
/* The kinds of misbehaviour by name. */
#include "faults.h"

#define NUMBER(min, max) .type = FAULT_NUMBER, .least = (min), .most = (max)
#define ANY              .path = FAULT_PATH_ANY
#define LISTS            .path = FAULT_PATH_MARKET
#define LONGEST          4000000000LL

static const struct fault_info kinds[FAULTS] = {
	[FAULT_SHORT_OLDEST] = {"short_oldest", "rows", "a page without its oldest rows",
				NUMBER(1, 200)},
	[FAULT_SHORT_NEWEST] = {"short_newest", "rows", "a page without its newest rows",
				NUMBER(1, 200)},
	[FAULT_SHORT_MIDDLE] = {"short_middle", "rows", "a page without rows in its middle",
				NUMBER(1, 200)},
	[FAULT_HISTORY_FROM] = {"history_from", "time", "no row that starts before that time",
				.type = FAULT_TIME},
	[FAULT_WITHOUT_ROW] = {"without_row", "time", "a page without the row that starts there",
			       .type = FAULT_TIME},
	[FAULT_LESS_REVISION] = {"less_revision", "ms",
				 "a row (row=TIME; else all) whose timestamp is smaller",
				 NUMBER(1, LONGEST), .one_row = true},
	[FAULT_LESS_VOLUME] = {"less_volume", NULL,
			       "a row (row=TIME; else all) with hardly any volume, one price",
			       .one_row = true},
	[FAULT_BEHIND] = {"behind", "seconds",
			  "the answer of a replica that far behind: rows, values, markets",
			  NUMBER(1, LONGEST)},
	[FAULT_SAME_ROW_TWICE] = {"same_row_twice", NULL, "the middle row twice, all the same"},
	[FAULT_DUPLICATE_ROW] = {"duplicate_row", NULL,
				 "the middle row twice; the second time with another close"},
	[FAULT_UNORDERED] = {"unordered", NULL, "oldest first"},
	[FAULT_OFF_GRID] = {"off_grid", NULL, "one row 400 ms or 17 s off its interval's grid"},
	[FAULT_NEWER_THAN_TO] = {"newer_than_to", NULL, "a row that starts at `to`"},
	[FAULT_WRONG_MARKET] = {"wrong_market", NULL, "rows that say they are of KRW-WRONG"},
	[FAULT_GARBAGE_NUMBER] = {"garbage_number", NULL, "a price that is not a number"},
	[FAULT_BAD_FIELD] = {"bad_field", "field:token",
			     "a row (row=TIME; else the middle one) with this for a value; none: "
			     "without the field",
			     .type = FAULT_WORDS, .one_row = true},
	[FAULT_KEY_ORDER] = {"key_order", NULL, "keys in another order in each row",
			     .harmless = true},
	[FAULT_UNKNOWN_KEYS] = {"unknown_keys", NULL, "keys that nobody knows", .harmless = true},
	[FAULT_BAD_UTF8] = {"bad_utf8", NULL, "bytes within a string that are not UTF-8"},
	[FAULT_SHORT_LENGTH] = {"short_length", NULL,
				"half of the JSON, with a Content-Length that fits it"},
	[FAULT_LIST_WITHOUT] = {"list_without", "markets", "a list without these markets",
				.type = FAULT_WORDS, LISTS},
	[FAULT_LIST_ONLY] = {"list_only", "markets", "a list of these markets alone",
			     .type = FAULT_WORDS, LISTS},
	[FAULT_LIST_SHORT] = {"list_short", "markets", "a list without so many at its end",
			      NUMBER(1, 1000000), LISTS},
	[FAULT_STATUS] = {"status", "http-status", "an error with this status", NUMBER(200, 599)},
	[FAULT_FORBIDDEN] = {"forbidden", NULL, "403 with the page of a firewall", ANY},
	[FAULT_HTML] = {"html", NULL, "200 (or status=) with a maintenance page"},
	[FAULT_NO_BODY] = {"no_body", NULL, "200 (or status=) with nothing"},
	[FAULT_EMPTY] = {"empty", NULL, "200 with []"},
	[FAULT_NULL] = {"null", NULL, "200 with null"},
	[FAULT_OBJECT] = {"object", NULL, "200 with an error object"},
	[FAULT_HTTP_429] = {"http_429", NULL, "429, though the limit was not reached"},
	[FAULT_HTTP_418] = {"http_418", "seconds", "418, and the address is blocked for so long",
			    NUMBER(0, LONGEST)},
	[FAULT_NO_LENGTH] = {"no_length", NULL, "a 418 does not say how long it lasts", ANY,
			     .harmless = true},
	[FAULT_RETRY_AFTER] = {"retry_after", NULL,
			       "429 and 418 say in Retry-After how long to wait", ANY,
			       .harmless = true},
	[FAULT_NO_REMAINING] = {"no_remaining", NULL, "no Remaining-Req header", .harmless = true},
	[FAULT_NODATE] = {"nodate", NULL, "no Date header"},
	[FAULT_DATE_SKEW] = {"date_skew", "seconds", "a Date header that is so many seconds wrong",
			     NUMBER(-LONGEST, LONGEST)},
	[FAULT_TRUNCATE] = {"truncate", NULL,
			    "half of the body under the full Content-Length, then the end"},
	[FAULT_TRUNCATE_CHUNKED] = {"truncate_chunked", NULL,
				    "the same, chunked: the last chunk never comes"},
	[FAULT_RESET_INSIDE] = {"reset_inside", NULL, "half of the body, then a TCP reset"},
	[FAULT_SLOW] = {"slow", "bytes", "so many bytes a second", NUMBER(1, 1000000),
			.harmless = true},
	[FAULT_DRIP] = {"drip", NULL, "one byte a second", .harmless = true},
	[FAULT_HUGE] = {"huge", NULL, "the page, and then blanks up to 1 GiB"},
	[FAULT_BOMB] = {"bomb", NULL, "1 GiB of blanks, as gzip"},
	[FAULT_DELAY] = {"delay", "ms", "the answer is made so many ms after the request came",
			 NUMBER(0, LONGEST), .harmless = true},
	[FAULT_HOLD] = {"hold", "ms",
			"the answer is made at once, Date included, and sent so many ms later",
			NUMBER(0, LONGEST), .harmless = true},
	[FAULT_HANG] = {"hang", NULL, "no answer, until the client closes the connection"},
	[FAULT_RESET] = {"reset", NULL, "the connection is reset instead of an answer"},
	[FAULT_RESET_REUSED] = {"reset_reused", "answers",
				"the same, on connections that brought so many answers",
				NUMBER(1, 1000000), ANY},
	[FAULT_CLOSE_AFTER] = {"close_after", "answers",
			       "a connection that brought so many is closed without a word",
			       NUMBER(1, 1000000), ANY, .harmless = true},
	[FAULT_DOWN] = {"down", NULL, "every connection to /v1 is reset, open ones at once", ANY},
};

const struct fault_info *fault_info(enum fault_kind kind)
{
	return &kinds[kind];
}

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}
