/* SPDX-License-Identifier: MIT */
/* Who makes the visits (visit.h): a connection to the database and one to the brokers. One thread's
 * at a time. */
#ifndef GAPLESS_VISITOR_H
#define GAPLESS_VISITOR_H

#include "common/settings.h"
#include "producer/lookup/visit.h"

struct visitor_settings {
	const char *conninfo, *brokers, *topic, *source;
	const char *group, *client_id; /* of the producers' group: whose members are compared */
	const struct setting_list *properties; /* librdkafka's */
};

struct visitor;

/* Strings outlive it. NULL: *err. */
struct visitor *visitor_new(const struct visitor_settings *settings, struct err *err);
void visitor_free(struct visitor *v);
void visitor_visit(struct visitor *v, struct visit *visit);

#endif
