/* SPDX-License-Identifier: MIT */
/* The exchanges that are known. */
#ifndef GAPLESS_EXCHANGES_H
#define GAPLESS_EXCHANGES_H

#include "producer/exchange/exchange.h"

/* The exchange of a source: its name, alone or followed by '-' and a region. NULL: not known. */
const struct exchange *exchange_of_source(const char *source);

#endif
