# SPDX-License-Identifier: MIT
# Candles made by the thousand, for scenarios about how they are stored; sourced after lib.sh.
series=20

candles() { # how many, of which symbols: a line "symbol json" each
	jq -r --argjson n "$1" --arg s "$2" --argjson series $series 'range($n) as $i | .symbol = "KRW-\($s)\($i % $series)" |
		.timestamp = 1582197540000 + 60000 * ($i / $series | floor) | .covers_from = .timestamp |
		.covers_to = .timestamp + 60000 | .revision = .timestamp + 1 | .fetched_at = .timestamp + 200000 |
		.close = "\($i).50" | "\(.symbol) \(tojson)"' schemas/candle.golden.json
}

publish() { # topic: lines of candles
	kcat -b "$GAPLESS_BROKERS" -P -t "$1" -K ' ' || bail 'kcat cannot publish'
}

topic_new() { # topic
	topic_delete "$1"
	topic_create "$1" 3
}

total() { sed -n "s/.*msg=\"stored in all\".* $2=\([0-9]*\).*/\1/p" "$work/$1.log"; } # writer, field

stored_of() { sql_is "SELECT coalesce(sum(next_offset), 0) FROM market_data_position WHERE topic = '$1'" "$2"; }
