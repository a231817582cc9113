/* SPDX-License-Identifier: MIT */
/* Bodies as gzip, whole or as an endless stream. */
#ifndef EXCHANGE_GZIP_H
#define EXCHANGE_GZIP_H

#include "text.h"

#include <stdint.h>

/* Replaces the content by its gzip form. */
void gzip_text(struct text *t);

struct gzip_stream;
struct gzip_stream *gzip_stream_new(void);
void gzip_stream_free(struct gzip_stream *g);
/* The next bytes of a stream of blanks, of which *left_bytes are still to come. Returns how many
 * bytes were written to out; 0: the stream has ended. */
size_t gzip_stream_blanks(struct gzip_stream *g, char *out, size_t size, uint64_t *left_bytes);

#endif
