/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef EXCHANGE_OPTIONS_H
#define EXCHANGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

struct options {
	const char *bind, *log;
	uint16_t port;
	uint64_t seed;
	int64_t start_ms, new_listed_ms;
	unsigned markets, limit, delay_min_ms, delay_max_ms, corrected_ppm;
	bool no_roles, frozen;
	const char **recorded; /* pages, files or directories; the array is owned */
	size_t recorded_count;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* DONE: --help or --version has answered. WRONG: `error` is one sentence. now_ms: the default of
 * --start. */
enum options_result options_parse(struct options *o, int argc, char **argv, int64_t now_ms,
				  struct text *error);
void options_release(struct options *o);
/* MIN-MAX or one number, in milliseconds. */
bool options_parse_delay(const char *text, unsigned *min_ms, unsigned *max_ms);
/* 0.05 -> 50000; 0 to 1. */
bool options_parse_share(const char *text, unsigned *ppm);
bool options_parse_number(const char *text, uint64_t max, uint64_t *out);

#endif
