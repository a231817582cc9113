#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A table knows its source: written by the first that stores, compared at every start. A writer of another one ends with 2 before it
# reads anything; so does a replay; an older installation that has not written it down knows it of its series.
. tests/integration/lib.sh
. tests/integration/storing.sh
. tests/integration/said.sh
never_logged() { ! logged "$@"; }
scenario sources
exec 2>"$work/shell.log"
topic_new "$GAPLESS_TOPIC"

writer --source upbit-sg
await 20 'a writer of an empty table starts with any source' logged writer 'partitions assigned'
candles 20 A | publish "$GAPLESS_TOPIC"
await 20 '... what it halts at claims nothing' logged writer 'a partition is halted'
ends_with_0 writer
refused 'the next start, by what the topic carries,' "the topic .* carries candles of the source ..upbit.., not of ..upbit-sg" \
	gapless-writer --source upbit-sg
is '... and it stays empty' "$(sql 'SELECT count(*) FROM market_data_origin')" 0

log_forget writer
writer
await 20 'the right one stores' stored_of "$GAPLESS_TOPIC" 20
ends_with_0 writer
is '... and writes the source down' "$(sql 'SELECT source, topic FROM market_data_origin')" "upbit|$GAPLESS_TOPIC"
ok '... it had nothing to say of the topic' never_logged writer 'filled from another topic'
log_forget writer
writer --topic "$GAPLESS_TOPIC.other"
await 20 'one with another topic says so' logged writer "level=warn .*filled from another topic.* filled_from=$GAPLESS_TOPIC .*UPDATE market_data_origin SET topic = '$GAPLESS_TOPIC.other'"
ends_with_0 writer

for source in upbit-th upbit-sg; do
	refused "a writer of $source" "holds candles of the source ..upbit.., not of ..$source" gapless-writer --source $source
	refused "a replay of $source" "holds candles of the source ..upbit.., not of ..$source" gapless-writer replay --source $source
done
sql "DELETE FROM market_data_origin; INSERT INTO market_data_series (symbol, interval, source, wanted_from)
	VALUES ('KRW-A0', '1m', 'upbit', '2020-01-01Z')"
refused 'an older installation' 'holds candles of the source ..upbit.., not of ..upbit-th' gapless-writer --source upbit-th
refused 'an exchange that nobody knows' "'binance' is of no exchange that is known here" gapless-writer --source binance
is 'nothing was read' "$(positions | awk '{ n += $2 } END { print n }')" 20
finish
