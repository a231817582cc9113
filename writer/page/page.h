/* SPDX-License-Identifier: MIT */
/* A page for people, at the writer's HTTP address: the map of what is covered, and the candles of a
 * series. It reads the database by a connection of its own, opened at the first look, on the
 * server's thread for what takes long; the loop knows nothing of it. */
#ifndef GAPLESS_PAGE_H
#define GAPLESS_PAGE_H

#include "common/service/httpd.h"

struct page;

/* conninfo: as pg_open(); outlives the page. */
struct page *page_new(const char *conninfo);
/* After the server has ended. */
void page_free(struct page *page);
/* "/" and /api/...; ends with a NULL path. NULL of a NULL page. */
const struct httpd_route *page_routes(const struct page *page);

#endif
