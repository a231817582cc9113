/* SPDX-License-Identifier: MIT */
/* The addresses of brokers, as users write them. librdkafka takes what it cannot read for a host
 * that is not known yet, or leaves it out, and waits for ever. Pure. */
#ifndef GAPLESS_KAFKA_BROKERS_H
#define GAPLESS_KAFKA_BROKERS_H

#include "common/base/error.h"

/* servers: [PROTOCOL://]HOST[:PORT], separated by commas; protocol: that of the configuration
 * ("sasl_ssl"). 0, or -1: *err (ERR_FATAL) names the first that is none. */
int kafka_brokers_check(const char *servers, const char *protocol, struct err *err)
	__attribute__((warn_unused_result));

#endif
