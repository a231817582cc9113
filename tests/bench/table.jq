# SPDX-License-Identifier: MIT
# A bench's result as a table for people.
def left($n): tostring + " " * ([$n - (tostring | length), 0] | max);
def right($n): tostring | " " * ([$n - length, 0] | max) + .;
def idle_row($f): $f | (.[0] | right(12)) + "  " + (.[1] | left(12)) + (.[2:] | map(right(12)) | join(""));
def row($f): $f | (.[0] | left(20)) + (.[1] | left(8)) + (.[2:] | map(right(12)) | join(""));

["", "\(.rows) rows, median of \(.rounds); \(.machine.cpu), \(.machine.cores) cores; PostgreSQL \(.versions.postgresql), librdkafka \(.versions.librdkafka)",
 row(["", "order", "rows/s", "of COPY", "least-most", "client us", "server us", "broker us", "peak MiB", "WAL/row", "others"])]
+ [.summary[] | row([.figure, .order, .rows_per_s, .ratio, "\(.ratio_least)-\(.ratio_most)", .client_us, .server_us, .broker_us,
	(if .peak_mib > 0 then .peak_mib else "-" end), .wal_bytes_a_row, .others_cores])]
+ if .takeover_s then ["",
	"live, a batch a second: \(.live_percent_of_a_core) % of a core; kill -9 to the first new row: \(.takeover_s) s",
	"producer, page to message: \(.producer.candle_us) us of CPU a candle; bare parsing of the page: \(.producer.bare_parse_us)",
	"", idle_row(["series", "kind", "idle us", "changed us", "made in ms", "KiB held"])]
	+ [.producer.idle[] | idle_row([.series, .kind, .idle_us, .change_us, .made_ms, .resident_kib])]
  else [] end
+ ["", $file]
| .[]
