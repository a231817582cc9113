/* SPDX-License-Identifier: MIT */
/* The exchanges that are known. */
#ifndef GAPLESS_EXCHANGES_H
#define GAPLESS_EXCHANGES_H

#include "producer/exchange/exchange.h"

/* Where requests go if nothing else is said. */
#define EXCHANGE_URL_DEFAULT "https://api.upbit.com"

/* The exchange of a source: its name, alone or followed by '-' and a region. NULL: not known (*err:
 * ERR_FATAL). */
const struct exchange *exchange_of_source(const char *source, struct err *err);
/* The source that is behind an address; NULL: it is not one that is known (a proxy, a sandbox). */
const char *exchange_source_of_url(const char *url);

#endif
