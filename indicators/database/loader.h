/* SPDX-License-Identifier: MIT */
/* Series that are met for the first time, and their windows from the table. */
#ifndef GAPLESS_INDICATORS_LOADER_H
#define GAPLESS_INDICATORS_LOADER_H

#include "indicators/options.h"
#include "indicators/series/book.h"
#include "reader.h"

struct loader;

struct loader *loader_new(const struct options *o);
void loader_free(struct loader *l);

/* The series is needed, if it has indicators. */
void loader_want(struct loader *l, const char *symbol, const struct interval *interval);
int loader_is_done(const struct loader *l); /* nothing is wanted that is not there */
/* A job for what is wanted. at_least, by partition: what must be stored first; it is lent like the
 * job. */
struct reader_job *loader_job(struct loader *l, const int64_t *at_least, size_t partitions);
/* The job is back: the windows go into the book, with the position of the partition that the
 * series' messages come from. */
void loader_deliver(struct loader *l, struct book *book);
/* Forgets what is wanted; not while the job is lent. */
void loader_clear(struct loader *l);
int64_t loader_loaded(const struct loader *l); /* series so far */
/* Without a database: an empty window. */
void loader_deliver_empty(struct loader *l, struct book *book);

#endif
