/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "market.h"
#include "text.h"

#include <stdlib.h>

static void put_path(struct text *out, enum interval iv)
{
	if (interval_unit(iv) != 0)
		text_printf(out, "/v1/candles/minutes/%u", interval_unit(iv));
	else
		text_printf(out, "/v1/candles/%s",
			    iv == INTERVAL_1S   ? "seconds"
			    : iv == INTERVAL_1D ? "days"
			    : iv == INTERVAL_1W ? "weeks"
						: "months");
}

static void put_paths(const struct stats *s, struct text *out)
{
	text_printf(out, "\"by_path\":{\"/v1/market/all\":%llu", (unsigned long long)s->market_all);
	for (unsigned iv = 0; iv < INTERVALS; iv++) {
		uint64_t requests = 0;

		for (size_t m = 0; m < s->markets; m++)
			requests += s->series[m * INTERVALS + iv].requests;
		if (requests == 0)
			continue;
		text_put(out, ",\"");
		put_path(out, (enum interval)iv);
		text_printf(out, "\":%llu", (unsigned long long)requests);
	}
	text_put(out, "}");
}

static void put_series(const struct stats *s, const struct market_list *markets, struct text *out)
{
	const char *between = "";

	text_put(out, "\"series\":[");
	for (size_t i = 0; i < s->markets * INTERVALS; i++) {
		const struct stats_series *x = &s->series[i];

		if (x->requests == 0)
			continue;
		text_printf(
			out,
			"%s{\"market\":\"%s\",\"interval\":\"%s\",\"requests\":%llu,\"ok\":%llu,\"rows\":"
			"%llu}",
			between, markets->at[i / INTERVALS].name,
			interval_name((enum interval)(i % INTERVALS)),
			(unsigned long long)x->requests, (unsigned long long)x->ok,
			(unsigned long long)x->rows);
		between = ",";
	}
	text_put(out, "]");
}

void stats_json(const struct stats *s, const struct market_list *markets, struct text *out)
{
	const char *between = "";

	text_printf(
		out,
		"{\"since\":%lld.%03d,\"requests\":%llu,\"candles\":%llu,\"market_all\":%llu,\"rows\":%llu,"
		"\"body_bytes\":%llu,\"http_429\":%llu,\"http_418\":%llu,\"max_per_second\":%u,"
		"\"max_per_second_at\":%lld,",
		(long long)(s->since_ms / 1000), (int)(s->since_ms % 1000),
		(unsigned long long)s->requests, (unsigned long long)s->candles,
		(unsigned long long)s->market_all, (unsigned long long)s->rows,
		(unsigned long long)s->body_bytes, (unsigned long long)s->status[429],
		(unsigned long long)s->status[418], s->max_per_second, (long long)s->max_second);
	text_put(out, "\"by_status\":{");
	for (unsigned i = 0; i < 600; i++) {
		if (s->status[i] == 0)
			continue;
		text_printf(out, "%s\"%u\":%llu", between, i, (unsigned long long)s->status[i]);
		between = ",";
	}
	text_put(out, "},");
	put_paths(s, out);
	text_put(out, ",");
	put_series(s, markets, out);
	text_printf(out, ",\"connections\":{\"opened\":%u,\"open\":%u,\"max_open\":%u}}\n",
		    s->connections_opened, s->connections_open, s->connections_max);
}

static int most_first(const void *a, const void *b)
{
	const struct stats_page *x = *(struct stats_page *const *)a,
				*y = *(struct stats_page *const *)b;

	if (x->answered != y->answered)
		return x->answered > y->answered ? -1 : 1;
	if (x->asked != y->asked)
		return x->asked > y->asked ? -1 : 1;
	return x->to_ms < y->to_ms ? -1 : x->to_ms > y->to_ms;
}

void stats_repeats_json(const struct stats *s, const struct market_list *markets,
			const struct stats_query *q, struct text *out)
{
	const struct stats_page **found = room_new(s->page_count, sizeof(struct stats_page *));
	size_t n = 0;

	for (size_t i = 0; i < s->page_room; i++) {
		const struct stats_page *p = &s->pages[i];

		if (p->used && (q->by_asked ? p->asked : p->answered) >= q->min &&
		    (q->live || p->to_ms != INT64_MAX))
			found[n++] = p;
	}
	qsort(found, n, sizeof(struct stats_page *), most_first);
	text_printf(out, "{\"pages\":%zu,\"complete\":%s,\"count\":%zu,\"repeats\":[",
		    s->page_count, s->pages_full ? "false" : "true", n);
	for (size_t i = 0; i < n && i < q->max; i++) {
		char to[UTC_TEXT];

		text_printf(out,
			    "%s{\"market\":\"%s\",\"interval\":\"%s\",\"to\":", i == 0 ? "" : ",",
			    markets->at[found[i]->market].name,
			    interval_name((enum interval)found[i]->interval));
		if (found[i]->to_ms == INT64_MAX) {
			text_put(out, "null");
		} else {
			utc_format(to, found[i]->to_ms, 'T', false);
			text_printf(out, "\"%sZ\"", to);
		}
		text_printf(out, ",\"asked\":%u,\"answered\":%u}", found[i]->asked,
			    found[i]->answered);
	}
	text_put(out, "]}\n");
	free(found);
}

void stats_rate_json(const struct stats *s, int64_t from, int64_t to, unsigned window,
		     struct text *out)
{
	unsigned least = 0, most = 0, total = 0;
	size_t n = 0;

	text_printf(out, "{\"from\":%lld,\"to\":%lld,\"window\":%u,\"windows\":[", (long long)from,
		    (long long)to, window);
	for (int64_t at = from; at + window <= to; at += window, n++) {
		struct stats_second sum = {.second = at};

		for (int64_t second = at; second < at + window; second++) {
			const struct stats_second *x = &s->history[second % STATS_SECONDS];

			if (x->second != second)
				continue;
			sum.requests += x->requests;
			sum.ok += x->ok;
			sum.refused += x->refused;
			sum.blocked += x->blocked;
		}
		text_printf(
			out,
			"%s{\"at\":%lld,\"requests\":%u,\"ok\":%u,\"http_429\":%u,\"http_418\":%u}",
			n == 0 ? "" : ",", (long long)at, sum.requests, sum.ok, sum.refused,
			sum.blocked);
		least = n == 0 || sum.requests < least ? sum.requests : least;
		most = sum.requests > most ? sum.requests : most;
		total += sum.requests;
	}
	text_printf(out, "],\"requests\":%u,\"least\":%u,\"most\":%u}\n", total, least, most);
}
