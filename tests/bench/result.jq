# SPDX-License-Identifier: MIT
# The lines of a bench's runs as one document, with the median of each figure over the rounds.
def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def rounded($digits): pow(10; $digits) as $p | . * $p | round / $p;

. as $runs
| ($runs | map(select(.figure == "COPY") | {key: "\(.round) \(.order)", value: .rows_per_s}) | from_entries) as $copy
| ($runs | map(. + {ratio: (.rows_per_s / $copy["\(.round) \(.order)"] | rounded(3))})) as $runs
| {
	at: $at,
	machine: {cpu: $cpu, cores: $cores, memory_mib: $memory, kernel: $kernel},
	versions: {gapless: $gapless, commit: $commit, postgresql: $postgres, kafka: $kafka, librdkafka: $librdkafka},
	settings: $settings, rows: $rows, rounds: $rounds,
	summary: [$runs | group_by([.figure, .order])[] | {
		figure: .[0].figure, order: .[0].order, rows_per_s: (map(.rows_per_s) | median | round),
		ratio: (map(.ratio) | median | rounded(2)), ratio_least: (map(.ratio) | min | rounded(2)), ratio_most: (map(.ratio) | max | rounded(2)),
		client_us: (map(.client_us) | median | rounded(2)), server_us: (map(.server_us) | median | rounded(2)),
		broker_us: (map(.broker_us) | median | rounded(2)), peak_mib: (map(.peak_mib) | max),
		wal_bytes_a_row: (map(.wal_bytes) | median / $rows | rounded(1)), others_cores: (map(.others_cores) | median | rounded(2))}],
	same_tables: true,
	runs: $runs} + $once
