/* SPDX-License-Identifier: MIT */
/* The page's answers as JSON. Pure: bytes in, bytes out. Each appends; 0, or -1 if *out is full. */
#ifndef GAPLESS_PAGE_JSON_H
#define GAPLESS_PAGE_JSON_H

#include "common/text/buf.h"
#include "writer/report/report.h"

/* {"error":"..."}; what is not printable ASCII becomes '?'. */
int json_put_error(struct buf *out, const char *sentence) __attribute__((warn_unused_result));
/* left_out: how many series were not kept; took_ms: how long the database needed. */
int json_put_report(struct buf *out, const struct report *r, size_t left_out, int64_t took_ms)
	__attribute__((warn_unused_result));

#endif
