/* SPDX-License-Identifier: MIT */
/* Conventions with librdkafka that producer and writer share: configuration with pass-through,
 * logs, errors. */
#ifndef GAPLESS_KAFKA_H
#define GAPLESS_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/settings/settings_table.h"

struct kafka_property {
	const char *name, *value;
};

/* A configuration: our fixed conventions (keepalive, Nagle off, reconnect backoff 100 ms to 2 s,
 * murmur2_random, metadata refresh 5 s, logs through log.h), then `role` (ends with a NULL name),
 * a heartbeat three times a session where that is shorter than 9 s, then the user's "name=value"
 * properties, which win, but for: plugin.library.paths (refused), and names in `fixed` (NULL-ended;
 * the program's correctness hangs on them: refused with a sentence that says so). The caller owns
 * the result until rd_kafka_new takes it. NULL: *err (ERR_FATAL). */
rd_kafka_conf_t *kafka_conf_new(const char *brokers, const struct kafka_property *role,
				const char *const *fixed, const struct setting_list *user,
				struct err *err) __attribute__((warn_unused_result));

/* Class of a librdkafka error code: ERR_RETRY, or ERR_FATAL (authorisation, unknown configuration,
 * fatal). */
enum err_class kafka_error_class(rd_kafka_resp_err_t code);

/* One throttled log line for an error_cb event; _ALL_BROKERS_DOWN and _TRANSPORT are informational
 * and repeat. */
void kafka_log_error(rd_kafka_t *rk, int code, const char *reason);
/* The same, to be set as the error_cb of a client that is polled: of another one librdkafka logs
 * errors by itself. */
void kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque);

#endif
