/* SPDX-License-Identifier: MIT */
#include "common/candle/candle_fields.h"

#define LEAD(key, open) ",\"" key "\":" open, sizeof(",\"" key "\":" open) - 1
#define AT(member)      offsetof(struct message, member)
#define NUMBER(key, member)                                    \
	{                                                      \
		key, LEAD(key, ""), FIELD_INT64, AT(member), 0 \
	}
#define QUOTED(key, kind, member, bytes)                      \
	{                                                     \
		key, LEAD(key, "\""), kind, AT(member), bytes \
	}

const struct field field_table[FIELDS] = {
	QUOTED("symbol", FIELD_TEXT, candle.symbol, SYMBOL_BYTES),
	QUOTED("interval", FIELD_INTERVAL, candle.interval, 0),
	NUMBER("timestamp", candle.timestamp_ms),
	QUOTED("open", FIELD_DECIMAL, candle.open, DECIMAL_BYTES),
	QUOTED("high", FIELD_DECIMAL, candle.high, DECIMAL_BYTES),
	QUOTED("low", FIELD_DECIMAL, candle.low, DECIMAL_BYTES),
	QUOTED("close", FIELD_DECIMAL, candle.close, DECIMAL_BYTES),
	QUOTED("volume", FIELD_DECIMAL, candle.volume, DECIMAL_BYTES),
	QUOTED("quote_volume", FIELD_DECIMAL, candle.quote_volume, DECIMAL_BYTES),
	NUMBER("revision", candle.revision),
	NUMBER("covers_from", covers_from_ms),
	NUMBER("covers_to", covers_to_ms),
	QUOTED("source", FIELD_TEXT, source, SOURCE_BYTES),
	QUOTED("origin", FIELD_ORIGIN, origin, 0),
	NUMBER("fetched_at", fetched_at_ms),
};
