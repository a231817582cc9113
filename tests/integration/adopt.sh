# SPDX-License-Identifier: MIT
# What the scenarios about adoption share, sourced after lib.sh: the commands of schemas/ADOPT.md, and tables as older collectors
# leave them.
from=${ADOPT_FROM:-2026-02-20T00:00:00Z}
markets=${ADOPT_MARKETS:-KRW-BTC KRW-QUIET}
upto=2026-03-05T11:50:00Z
page=schemas/ADOPT.md
walked=()

# The commands of a block of the page.
commands() { # name
	awk -v name="$1" '/^<!-- walk: / { mine = $3 == name } /^```/ { inside = !inside; if (!inside) mine = 0; next } inside && mine' "$page"
}

# Runs a block as it stands; its output is in $work/walk.NAME.
walk() { # name, VARIABLE=value...
	local block=$1
	shift
	walked+=("$block")
	(cd "$work" && env "$@" bash -euc "$(sed -n '1,$p' <<<"$(cd "$OLDPWD" && commands "$block")")") >"$work/walk.$block" 2>&1
}

said() { # block, pattern
	grep -qE -- "$2" "$work/walk.$1" || {
		tail -n 4 "$work/walk.$1" | cut -c1-300 | sed 's/^/# /'
		false
	}
}

refuses() { # pattern: migrating fails with this sentence
	gapless-writer migrate >"$work/walk.refused" 2>&1
	test $? = 1 && said refused "$1"
}

adopts() { gapless-writer migrate >"$work/walk.adopts" 2>&1 && said adopts 'the old table is market_data_inherited'; }

# Columns, constraints and indexes of a table, but for those that other programs have added.
shape() {
	sql "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation, pg_get_expr(f.adbin, f.adrelid)
			FROM pg_attribute a LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
			WHERE a.attrelid = 'market_data'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL ('{id,created_at,note}')
			ORDER BY a.attnum;
		SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'market_data'::regclass
			AND contype NOT IN ('p', 'n') AND conname <> 'market_data_id_key' ORDER BY conname"
}

# The exchange's truth, as a table to damage.
truth_make() {
	sql "CREATE TABLE truth (symbol text, interval text, timestamp timestamptz, open numeric, high numeric, low numeric, close numeric,
		volume numeric, quote_volume numeric, revision bigint)"
	psql -X -q -c "\\copy truth FROM '$work/truth.tsv'" || bail "no truth"
}

truth_fetch() {
	local m
	for m in $markets; do
		truth_tsv "$m" 1m "$from" "$upto"
	done >"$work/truth.tsv"
}

# What is done to each row of the truth, but for the first ones, from which all is wanted: a hole of a day, and 2 % single ones;
# 1 % half-formed; 3 % twice, half of those with the wrong values first.
damage() {
	sql "SET seed = 0.5; CREATE TABLE damage AS SELECT t.*, CASE WHEN timestamp < '$from'::timestamptz + interval '2 hours' THEN 'right' WHEN timestamp >= '2026-02-25Z' AND timestamp < '2026-02-26Z' OR r < 0.02 THEN 'hole'
				WHEN r < 0.03 THEN 'half' WHEN r < 0.045 THEN 'half then whole' WHEN r < 0.06 THEN 'whole then half' ELSE 'right' END AS what
			FROM (SELECT *, random() AS r FROM truth ORDER BY symbol COLLATE \"C\", timestamp) t"
}
half='open, greatest(open, (open + low) / 2), low, (open + low) / 2, volume * 0.4, quote_volume * 0.4'
whole='open, high, low, close, volume, quote_volume'
fill() { # spelling of the interval, expression of the timestamp, cast of a value, columns after it
	sql "SET timezone = 'Asia/Seoul';
		CREATE FUNCTION pg_temp.put(what text, vals text) RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN EXECUTE format(
			'INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume%2\$s) SELECT symbol, ''$1'', $2,
				%1\$s FROM damage WHERE what = ANY (\$1) ORDER BY timestamp, symbol', vals, '$3') USING what::text[]; END \$\$;
		SELECT pg_temp.put('{half,half then whole}', '$half'), pg_temp.put('{right,whole then half}', '$whole'),
			pg_temp.put('{half then whole}', '$whole'), pg_temp.put('{whole then half}', '$half')" >/dev/null
	sql "INSERT INTO market_data (symbol, interval, timestamp, open, high, low, close, volume) VALUES
		(NULL, '1m', '2026-03-01', 1, 1, 1, 1, 1), ('KRW-BTC', '1m', NULL, 1, 1, 1, 1, 1), ('KRW-BTC', '1m', 'infinity', 1, 1, 1, 1, 1),
		('krw_btc', '1m', '2026-03-01', 1, 1, 1, 1, 1), ('KRW-BTC', '7m', '2026-03-01', 1, 1, 1, 1, 1), ('KRW-BTC', NULL, '2026-03-01', 1, 1, 1, 1, 1),
		('KRW-BTC', '1m', '2026-03-01 00:00:30', 1, 1, 1, 1, 1), ('KRW-BTC', '1d', '2026-03-01 09:00', 1, 1, 1, 1, 1),
		('KRW-BTC', '1m', '2026-03-01', 'NaN', 1, 1, 1, 1), ('KRW-BTC', '1m', '2026-03-01', 1, NULL, 1, 1, 1), ('KRW-BTC', '1m', '2026-03-01', 1, 1, 1, 1, -1)"
}

killed() { # fault point
	is "killed at $1" "$(GAPLESS_FAULT=$1 gapless-writer migrate >/dev/null 2>&1; echo $?)" 137
} 2>/dev/null

old() { # columns after volume
	database_fresh
	sql "CREATE TABLE market_data (symbol text, interval text, timestamp timestamptz, open float8, high float8, low float8, close float8,
		volume float8${1:-})"
}
