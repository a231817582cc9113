/* SPDX-License-Identifier: MIT */
/* The page itself, made of html/ by embed.sh at build time. */
#ifndef GAPLESS_PAGE_HTML_H
#define GAPLESS_PAGE_HTML_H

#include <stddef.h>

extern const char page_html[];
extern const size_t page_html_bytes;
/* Its Content-Security-Policy: scripts and styles by their hashes, and nothing from elsewhere. */
extern const char page_policy[];

#endif
