/* SPDX-License-Identifier: MIT */
/* The list of markets: what is accepted is sorted, each name valid and once, and can be asked for.
 */
#include "fuzz.h"
#include "producer/exchange/upbit.h"
#include "producer/exchange/upbit_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct markets markets;
	struct err err = {0};
	char url[EXCHANGE_URL_BYTES];

	if (exchange_upbit.markets_parse((const char *)data, size, &markets, &err) < 0) {
		check_refusal(&err, ERR_INPUT);
		CHECK(!markets.n);
		markets_release(&markets);
		return 0;
	}
	CHECK(markets.n > 0);
	for (size_t i = 0; i < markets.n; i++) {
		CHECK(symbol_is_valid(markets.names[i]));
		CHECK(i == 0 || strcmp(markets.names[i - 1], markets.names[i]) < 0);
		CHECK(markets_has(&markets, markets.names[i]));
		CHECK(exchange_upbit.candles_url("https://exchange.test", markets.names[i],
						 interval_by_name("1m"), PAGE_NO_TO,
						 UPBIT_PAGE_ROWS, url, sizeof url, &err) == 0);
	}
	CHECK(!markets_has(&markets, ""));
	markets_release(&markets);
	return 0;
}
