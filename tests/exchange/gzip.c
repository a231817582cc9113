/* SPDX-License-Identifier: MIT */
#include "gzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for a gzip header */

struct gzip_stream {
	z_stream z;
	int good;
	unsigned char blanks[16384];
};

void gzip_text(struct text *t)
{
	z_stream z;
	struct text out = TEXT_EMPTY;

	memset(&z, 0, sizeof(z));
	if (deflateInit2(&z, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	out.room = deflateBound(&z, (uLong)t->len) + 1;
	out.data = room_new(out.room, 1);
	z.next_in = (unsigned char *)t->data;
	z.avail_in = (uInt)t->len;
	z.next_out = (unsigned char *)out.data;
	z.avail_out = (uInt)(out.room - 1);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out.len = z.total_out;
	deflateEnd(&z);
	text_release(t);
	*t = out;
}

struct gzip_stream *gzip_stream_new(void)
{
	struct gzip_stream *g = room_new(1, sizeof(*g));

	memset(g->blanks, ' ', sizeof(g->blanks));
	g->good = deflateInit2(&g->z, 9, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK;
	return g;
}

void gzip_stream_free(struct gzip_stream *g)
{
	if (g == NULL)
		return;
	if (g->good)
		deflateEnd(&g->z);
	free(g);
}

size_t gzip_stream_blanks(struct gzip_stream *g, char *out, size_t size, uint64_t *left_bytes)
{
	int result = Z_OK;

	if (!g->good)
		return 0;
	g->z.next_out = (unsigned char *)out;
	g->z.avail_out = (uInt)size;
	while (g->z.avail_out == size && result == Z_OK) {
		if (g->z.avail_in == 0 && *left_bytes > 0) {
			g->z.avail_in = *left_bytes < sizeof(g->blanks) ? (uInt)*left_bytes
									: sizeof(g->blanks);
			g->z.next_in = g->blanks;
			*left_bytes -= g->z.avail_in;
		}
		result = deflate(&g->z,
				 *left_bytes == 0 && g->z.avail_in == 0 ? Z_FINISH : Z_NO_FLUSH);
	}
	return size - g->z.avail_out;
}
