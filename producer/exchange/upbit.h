/* SPDX-License-Identifier: MIT */
/* Upbit's REST API (exchange.h has what each function promises).
 *
 * Facts: docs.upbit.com/kr/reference (list-candles-seconds, list-candles-minutes, rate-limits), and
 * recorded answers. */
#ifndef GAPLESS_UPBIT_H
#define GAPLESS_UPBIT_H

#include "producer/exchange/exchange.h"

extern const struct exchange exchange_upbit;

#endif
