/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdlib.h>

#include "cache.h"
#include "candles.h"
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/least.h"
#include "coverage.h"
#include "html.h"
#include "json.h"
#include "params.h"
#include "reader.h"

enum { KEY_BYTES = 1024, FRESH_MS = 2000, FRESH_MAX_MS = 60000, SHARE = 10 };

static const struct endpoint {
	const char *path, *help;
	int (*read)(struct params *p, params_get *get, const void *request, int64_t now_ms,
		    struct err *err);
	/* 1; 0 if there is no such series; -1 with *err. */
	int (*put)(struct buf *out, struct pg *pg, const struct params *p, int64_t now_ms,
		   struct err *err);
} endpoints[] = {
	{"/api/coverage", "what is covered of each series", params_coverage, coverage_put},
	{"/api/candles", "candles of a series, and what is missing", params_candles, candles_put},
	{"/api/indicators", "indicators of a series", params_candles, candles_put_indicators},
};

enum { ENDPOINTS = sizeof(endpoints) / sizeof(endpoints[0]) };

struct page {
	const char *conninfo;
	struct pg pg;
	struct cache *cache;
	struct place {
		struct page *page;
		const struct endpoint *endpoint;
	} places[ENDPOINTS];
	struct httpd_route routes[ENDPOINTS + 2];
};

static void refuse(struct httpd_reply *reply, unsigned status, const char *sentence)
{
	reply->status = status;
	buf_clear(&reply->body);
	if (json_put_error(&reply->body, sentence) != 0)
		reply->status = 500;
}

static unsigned status_of(const struct err *err)
{
	return err->class == ERR_INPUT ? 400 : 503;
}

static const char *get(const void *request, const char *name)
{
	return httpd_query(request, name);
}

/* All that an answer depends on. -1: too long to be kept. */
static int key_of(const struct httpd_request *request, const char *path, struct buf *key)
{
	static const char *const names[] = {"symbol", "interval", "symbols", "intervals", "from",
					    "to",     "span",     "cells",   "points"};

	buf_printf(key, "%s", path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = httpd_query(request, names[i]);

		if (value != NULL)
			buf_printf(key, "&%s=%s", names[i], value);
	}
	return buf_check(key);
}

/* What took long stays longer: who looks takes at most a tenth of a session of the database. */
static int64_t fresh_until_ms(int64_t began_ms)
{
	int64_t now_ms = clock_boot_ms(), fresh_ms = (now_ms - began_ms) * SHARE;

	return now_ms + least(greatest(fresh_ms, FRESH_MS), FRESH_MAX_MS);
}

static void ask(struct place *place, const struct params *p, int64_t now_ms,
		struct httpd_reply *reply)
{
	struct page *page = place->page;
	struct err err;
	int found = reader_begin(&page->pg, page->conninfo, &err);

	if (found == 0)
		found = place->endpoint->put(&reply->body, &page->pg, p, now_ms, &err);
	reader_end(&page->pg);
	if (found < 0)
		refuse(reply, status_of(&err), err.text);
	else if (found == 0)
		refuse(reply, 404, "there is no such series; /api/coverage lists those there are");
}

static void answer(void *opaque, const struct httpd_request *request, struct httpd_reply *reply)
{
	struct place *place = opaque;
	int64_t began_ms = clock_boot_ms(), now_ms = clock_wall_ms();
	const struct buf *kept = NULL;
	struct params p;
	struct buf key;
	struct err err;
	int keyed;

	reply->content_type = "application/json; charset=utf-8";
	buf_init(&key, KEY_BYTES);
	keyed = key_of(request, place->endpoint->path, &key) == 0;
	if (keyed)
		kept = cache_get(place->page->cache, key.data, began_ms);
	if (kept != NULL) {
		if (buf_append(&reply->body, kept->data, kept->len) != 0)
			reply->status = 500;
	} else if (place->endpoint->read(&p, get, request, now_ms, &err) != 0) {
		refuse(reply, status_of(&err), err.text);
	} else {
		ask(place, &p, now_ms, reply);
		if (keyed && reply->status == 200)
			cache_put(place->page->cache, key.data, &reply->body,
				  fresh_until_ms(began_ms));
	}
	buf_release(&key);
}

static void show(void *opaque, const struct httpd_request *request, struct httpd_reply *reply)
{
	(void)opaque;
	(void)request;
	reply->content_type = "text/html; charset=utf-8";
	reply->policy = page_policy;
	if (buf_append(&reply->body, page_html, page_html_bytes) != 0)
		reply->status = 500;
}

struct page *page_new(const char *conninfo)
{
	struct page *page = xcalloc(1, sizeof(*page));

	page->conninfo = conninfo;
	page->cache = cache_new();
	page->routes[0] = (struct httpd_route){.path = "/", .answer = show};
	for (size_t i = 0; i < ENDPOINTS; i++) {
		page->places[i] = (struct place){page, &endpoints[i]};
		page->routes[i + 1] = (struct httpd_route){.path = endpoints[i].path,
							   .help = endpoints[i].help,
							   .answer = answer,
							   .opaque = &page->places[i],
							   .slow = 1};
	}
	return page;
}

void page_free(struct page *page)
{
	if (page == NULL)
		return;
	pg_close(&page->pg);
	cache_free(page->cache);
	free(page);
}

const struct httpd_route *page_routes(const struct page *page)
{
	return page == NULL ? NULL : page->routes;
}
