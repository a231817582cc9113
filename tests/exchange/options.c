/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "interval.h"
#include "market.h"
#include "text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/version.h"

#define NEW_LISTED_MS (3 * DAY_MS)

static const struct {
	const char *name, *value, *help;
} table[] = {
	{"port", "N", "port to listen on; 0 takes any free one and says which (default 18080)"},
	{"bind", "ADDRESS", "IPv4 address to listen on (default 127.0.0.1)"},
	{"seed", "N", "the same seed gives the same candles (default 1)"},
	{"start", "TIME",
	 "what the sandbox clock shows first, 2026-01-02T03:04:05Z (default: now)"},
	{"frozen", NULL, "the sandbox clock stands still until it is told to run"},
	{"markets", "N",
	 "that many more markets, KRW-M001 and on, dense to rare (default 0, at most 999)"},
	{"no-roles", NULL, "leave out the markets with roles (see below)"},
	{"new-listed", "TIME", "when KRW-NEW was listed (default: 3 days before the start)"},
	{"corrections", "SHARE",
	 "share of candles that change or appear late, 2 to 50 s after their end (0 to 1)"},
	{"recorded", "PATH...",
	 "recorded answers: files, or directories of *.json; their markets have only these"},
	{"limit", "N", "requests a second, for each group (default 10)"},
	{"delay", "MIN-MAX", "each answer waits a random time, in ms (default 0-30)"},
	{"log", "FILE", "one line for each request"},
	{"help", NULL, "this"},
	{"version", NULL, "the version"},
};

#define OPTIONS (sizeof(table) / sizeof(table[0]))

static void print_help(void)
{
	const char *name, *role;

	puts("gapless-exchange: an exchange on this machine that speaks Upbit's REST API, for tests.\n"
	     "It answers /v1/candles/... and /v1/market/all; /control/... steers it: "
	     "tests/exchange/README.md.\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		char left[48];

		snprintf(left, sizeof(left), "--%s %s", table[i].name,
			 table[i].value ? table[i].value : "");
		printf("  %-22s %s\n", left, table[i].help);
	}
	puts("\nMarkets with roles:");
	for (size_t i = 0; (role = market_role_help(i, &name)) != NULL; i++)
		printf("  %-22s %s\n", name, role);
}

bool options_parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	size_t n = strlen(text);

	if (n == 0 || n > 19 || strspn(text, "0123456789") != n)
		return false;
	*out = strtoull(text, &end, 10);
	return *out <= max;
}

bool options_parse_delay(const char *text, unsigned *min_ms, unsigned *max_ms)
{
	unsigned min, max;
	int used = 0;

	if (sscanf(text, "%6u%n", &min, &used) != 1)
		return false;
	max = min;
	if (text[used] == '-') {
		int from = used + 1;

		if (sscanf(text + from, "%6u%n", &max, &used) != 1)
			return false;
		used += from;
	}
	if (text[used] != '\0' || min > max)
		return false;
	*min_ms = min;
	*max_ms = max;
	return true;
}

bool options_parse_share(const char *text, unsigned *ppm)
{
	char *end;
	double share = strtod(text, &end);

	if (end == text || *end != '\0' || !(share >= 0 && share <= 1))
		return false;
	*ppm = (unsigned)(share * 1e6 + 0.5);
	return true;
}

static bool take_number(const char *text, uint64_t max, unsigned *out)
{
	uint64_t n;

	if (!options_parse_number(text, max, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool take_option(struct options *o, const char *name, const char *value)
{
	unsigned port = o->port;
	bool good = true;

	if (strcmp(name, "port") == 0)
		good = take_number(value, 65535, &port);
	else if (strcmp(name, "bind") == 0)
		o->bind = value;
	else if (strcmp(name, "seed") == 0)
		good = options_parse_number(value, INT64_MAX, &o->seed);
	else if (strcmp(name, "start") == 0)
		good = utc_parse_loose(value, &o->start_ms);
	else if (strcmp(name, "frozen") == 0)
		o->frozen = true;
	else if (strcmp(name, "markets") == 0)
		good = take_number(value, 999, &o->markets);
	else if (strcmp(name, "no-roles") == 0)
		o->no_roles = true;
	else if (strcmp(name, "new-listed") == 0)
		good = utc_parse_loose(value, &o->new_listed_ms);
	else if (strcmp(name, "corrections") == 0)
		good = options_parse_share(value, &o->corrected_ppm);
	else if (strcmp(name, "recorded") == 0)
		o->recorded[o->recorded_count++] = value;
	else if (strcmp(name, "limit") == 0)
		good = take_number(value, 1000000, &o->limit) && o->limit > 0;
	else if (strcmp(name, "delay") == 0)
		good = options_parse_delay(value, &o->delay_min_ms, &o->delay_max_ms);
	else
		o->log = value;
	o->port = (uint16_t)port;
	return good;
}

/* The table as getopt wants it; --recorded takes the words behind it too ('-': they come as option
 * 1, in order). */
static enum options_result parse_all(struct options *o, int argc, char **argv, struct text *error)
{
	struct option longs[OPTIONS + 1];
	bool recorded = false;
	int found, index = 0;

	memset(longs, 0, sizeof(longs));
	for (size_t i = 0; i < OPTIONS; i++) {
		longs[i].name = table[i].name;
		longs[i].has_arg = table[i].value != NULL ? required_argument : no_argument;
	}
	opterr = 0;
	while ((found = getopt_long(argc, argv, "-:", longs, &index)) != -1) {
		if (found == 1 && recorded) {
			o->recorded[o->recorded_count++] = optarg;
			continue;
		}
		if (found != 0) {
			text_printf(error, "%s: %s; --help lists the options", argv[optind - 1],
				    found == ':' ? "this option needs a value"
						 : "not an option of this program");
			return OPTIONS_WRONG;
		}
		if (strcmp(table[index].name, "help") == 0) {
			print_help();
			return OPTIONS_DONE;
		}
		if (strcmp(table[index].name, "version") == 0) {
			printf("gapless-exchange %s\n", gapless_version);
			return OPTIONS_DONE;
		}
		recorded = strcmp(table[index].name, "recorded") == 0;
		if (!take_option(o, table[index].name, optarg)) {
			text_printf(error, "--%s %s: not a value that it takes; it is: %s",
				    table[index].name, optarg, table[index].help);
			return OPTIONS_WRONG;
		}
	}
	return OPTIONS_RUN;
}

enum options_result options_parse(struct options *o, int argc, char **argv, int64_t now_ms,
				  struct text *error)
{
	memset(o, 0, sizeof(*o));
	o->bind = "127.0.0.1";
	o->port = 18080;
	o->seed = 1;
	o->start_ms = now_ms;
	o->new_listed_ms = INT64_MIN;
	o->limit = 10;
	o->delay_max_ms = 30;
	o->recorded = room_new((size_t)argc, sizeof(*o->recorded));
	enum options_result result = parse_all(o, argc, argv, error);

	if (o->new_listed_ms == INT64_MIN)
		o->new_listed_ms = o->start_ms - NEW_LISTED_MS;
	return result;
}

void options_release(struct options *o)
{
	free(o->recorded);
	o->recorded = NULL;
}
