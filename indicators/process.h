/* SPDX-License-Identifier: MIT */
/* What the process consists of. The loop (serve.c) makes these parts, and frees them; it alone
 * writes here. */
#ifndef GAPLESS_INDICATORS_PROCESS_H
#define GAPLESS_INDICATORS_PROCESS_H

#include <stdint.h>

struct process {
	const struct options *options;
	struct feed *feed;
	struct start *start;
	struct ingest *ingest;
	struct book *book;
	struct output *output;
	struct commits *commits;
	struct reader *reader; /* NULL: without a database; loader and repair get no jobs */
	struct loader *loader;
	struct repair *repair;
	struct observe *observe;
	int64_t commit_due_ms;
	int exit_code;
};

#endif
