/* SPDX-License-Identifier: MIT */
/* Who makes the visits (visit.h): a connection to the database and one to the brokers. One thread's
 * at a time. */
#ifndef GAPLESS_VISITOR_H
#define GAPLESS_VISITOR_H

#include "producer/lookup/visit.h"
#include "producer/options.h"

struct visitor;

/* keeps_wanted: what is wanted is kept in the database. The options outlive it. NULL: *err. */
struct visitor *visitor_new(const struct options *options, int keeps_wanted, struct err *err);
void visitor_free(struct visitor *v);
void visitor_visit(struct visitor *v, struct visit *visit);

#endif
