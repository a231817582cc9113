/* SPDX-License-Identifier: MIT */
/* The sources that are known: an exchange (upbit), or one of its regions (upbit-sg). */
#ifndef GAPLESS_SOURCE_H
#define GAPLESS_SOURCE_H

#include "common/base/error.h"

/* 0, or -1 with a sentence about --source (ERR_FATAL). */
int source_check(const char *source, struct err *err) __attribute__((warn_unused_result));
/* 1 if it is that exchange, or a region of it. */
int source_is_of(const char *source, const char *exchange);

#endif
