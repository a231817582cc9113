/* SPDX-License-Identifier: MIT */
/* Indicators into market_data_indicator, if wished: gathered while the transaction before them
 * runs, on a thread of its own. Rows and positions are written together. */
#ifndef GAPLESS_INDICATORS_STORE_H
#define GAPLESS_INDICATORS_STORE_H

#include "indicators/feed/commits.h"
#include "message.h"

struct store;

/* NULL: *err. */
struct store *store_new(const char *database, const char *topic, struct err *err);
/* 0: its thread hangs in a dead connection, and is left behind. */
int store_free(struct store *s, int wait_ms);

/* Takes a copy; *outstanding grows by one now, and shrinks by one in the store_step that finds it
 * stored. */
void store_add(struct store *s, const struct indicator_message *m, int64_t *outstanding);
/* Notes how far everything is, to be written with the next rows, or without any. */
void store_moved(struct store *s, const struct consumer_place *places, size_t n);
/* Hands over what is gathered if the thread is free, and takes back what is stored. */
void store_step(struct store *s);
int64_t store_outstanding(const struct store *s);
/* 1 if the last transaction failed. */
int store_fails(const struct store *s);
/* 1: the database stands before what was stored: it has lost something. Begin again. */
int store_is_lost(const struct store *s);
/* Forgets what is gathered; no counter is touched any more. */
void store_forget(struct store *s);

#endif
