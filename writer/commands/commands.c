/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "verbs.h"
#include "writer/options.h"

#define AT(member)      SETTING_AT(struct options, member)
#define AT_TIME(member) SETTING_AT_TIME(struct options, member)

/* ---- their settings ---- */

/* clang-format off */
static const char *const of_database[] = {"database", "log-level", "log-format", NULL};
static const char *const of_migrate[] = {"database", "source", "log-level", "log-format", NULL};
static const char *const of_skip[] = {
	"brokers", "topic", "database", "source", "kafka", "log-level", "log-format", NULL};
static const char *const of_topic[] = {
	"brokers", "topic", "database", "source", "batch-rows", "batch-bytes", "batch-ms",
	"dead-letter-limit", "drain-seconds", "kafka", "log-level", "log-format", NULL};

#define SYMBOLS(text)   {.name = "symbols", AT(symbols), .value = "LIST", .help = (text)}
#define INTERVALS(text) {.name = "intervals", AT(intervals), .value = "LIST", .help = (text)}
#define DRY_RUN(text)   {.name = "dry-run", AT(dry_run), .help = (text)}
#define FROM(text)      {.name = "from", AT_TIME(from_ms), .help = (text)}
#define TO(text)        {.name = "to", AT_TIME(to_ms), .help = (text)}

static const struct setting of_migrate_own[] = {
	{.name = "schema", AT(schema), .value = "NAME",
	 .help = "Makes the tables in this schema; this role looks there from then on."},
	{.name = "chunk-interval", AT(chunk_interval), .value = "SPAN",
	 .help = "Length of the chunks of a new hypertable, e.g. '7 days'; without it, what suits "
		 "the intervals."},
	{.name = "unfit-percent", AT(unfit_percent), .min = 0, .max = 100, .fallback = "5",
	 .help = "More rows of an inherited table that would be set aside are a mistake: refused "
		 "at once."},
	{.name = NULL},
};

static const struct setting of_replay[] = {
	FROM("Only messages that the broker took at this time (UTC) or later; without it, "
	     "from the topic's beginning."),
	SYMBOLS("Only these markets: KRW-BTC,KRW-ETH."),
	{.name = "name", AT(name), .value = "NAME",
	 .help = "What the replay is called in market_data_replay; without it, what it reads."},
	{.name = "restart", AT(restart),
	 .help = "Begins again, also where one of that name was interrupted and could go on."},
	{.name = NULL},
};

static const struct setting of_gaps[] = {
	SYMBOLS("Only these markets: KRW-BTC,KRW-*."),
	INTERVALS("Only these intervals: 1m,1h."),
	{.name = "at", AT_TIME(at_ms),
	 .help = "As seen at this time (UTC); without it, now by the database server's clock."},
	{.name = "format", AT(format), .fallback = "table", .value = "FORMAT",
	 .help = "table, or tsv: a line a gap, separated by tabs, and nothing else."},
	{.name = "kind", AT(kind), .fallback = "gap", .value = "KIND",
	 .help = "gap, unobtainable (not available, and why) or unconfirmed (rows that no read has "
		 "shown)."},
	{.name = NULL},
};

static const struct setting of_status[] = {
	SYMBOLS("Only these markets: KRW-BTC,KRW-*."),
	INTERVALS("Only these intervals: 1m,1h."),
	FROM("Where the bars begin (UTC); without it, a day before their end."),
	TO("Where they end, and the instant that everything is seen at; without it, now."),
	{.name = "watch", AT(watch), .help = "Again every two seconds, until Ctrl-C."},
	{.name = "json", AT(json), .help = "An object a series, one a line, in place of the table."},
	{.name = NULL},
};

static const struct setting of_forget[] = {
	SYMBOLS("Of these markets: KRW-BTC,KRW-* (needed)."),
	INTERVALS("Of these intervals: 1m,1h (needed)."),
	FROM("From this time on (needed; UTC); the interval that contains it is forgotten as "
	     "a whole."),
	TO("Up to this time (needed); an interval that it cuts is forgotten as a whole."),
	DRY_RUN("Says what would be forgotten, and changes nothing."),
	{.name = NULL},
};

static const char *const of_retain_shared[] = {"database", "keep", "log-level", "log-format", NULL};

static const struct setting of_retain[] = {
	SYMBOLS("Only of these markets: KRW-BTC,KRW-*."),
	DRY_RUN("Says what would go, and changes nothing."),
	{.name = NULL},
};

static const struct setting of_end[] = {
	SYMBOLS("Of these markets: KRW-BTC,BTC-* (needed)."),
	INTERVALS("Of these intervals only: 1m,1h."),
	{.name = "purge", AT(purge), .help = "Removes their rows and their coverage, too."},
	DRY_RUN("Says what would end, and changes nothing."),
	{.name = NULL},
};

static const struct setting of_skip_own[] = {
	{.name = "partition", AT(partition), .min = -1, .max = INT32_MAX, .fallback = "-1",
	 .needed = 1, .help = "Of this partition, as the writer's log names it."},
	{.name = "offset", AT(offset), .min = -1, .max = INT64_MAX, .fallback = "-1",
	 .needed = 1, .help = "The message at this offset."},
	{.name = "reason", AT(reason), .fallback = "", .value = "TEXT",
	 .help = "Why it is skipped, for those who read the dead letters."},
	{.name = NULL},
};

static const struct setting of_settle[] = {
	SYMBOLS("Of these markets: KRW-BTC,KRW-* (needed)."),
	INTERVALS("Of these intervals: 1m,1h (needed)."),
	FROM("From this time on (needed; UTC)."),
	TO("Up to this time (needed)."),
	{.name = "reason", AT(reason), .fallback = "settled by hand", .value = "TEXT",
	 .help = "Why it is not available."},
	DRY_RUN("Says what would be settled, and changes nothing."),
	{.name = NULL},
};

static const struct setting of_discard[] = {
	SYMBOLS("Of these markets: KRW-BTC,KRW-* (needed)."),
	INTERVALS("Of these intervals only: 1m,1h."),
	FROM("From this time on (UTC)."),
	TO("Up to this time."),
	DRY_RUN("Says what would be removed, and changes nothing."),
	{.name = NULL},
};
/* clang-format on */

static const struct settings_command commands[] = {
	{.name = "", .help = "Stores what the topic carries until told to stop.", .run = run_live},
	{.name = "migrate",
	 .help = "Makes or updates the tables, adopts an older collector's, and ends.",
	 .usage =
		 "Usage: gapless-writer migrate [settings]\n\n"
		 "Makes the tables, or brings older ones up to date. A market_data that another\n"
		 "collector left is adopted (schemas/ADOPT.md): readers go on reading, and killed\n"
		 "in the middle the same command goes on. Safe to repeat, and by several at once.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-writer migrate --database 'host=db dbname=market'\n\n"
		 "Exit codes: 0 the tables are there; 1 a migration failed, nothing of it is left,\n"
		 "            or no database answered in half a minute; 2 settings, or a database\n"
		 "            that refuses us\n",
	 .own = of_migrate_own,
	 .shared = of_migrate,
	 .run = migrate_run},
	{.name = "replay",
	 .help = "Stores what the topic has again, to the end that it has now, and ends.",
	 .usage =
		 "Usage: gapless-writer replay [settings]\n\n"
		 "Reads the topic again up to the end that it has now, and stores what it carries\n"
		 "as the writer does: rows that are gone come back, older values are replaced,\n"
		 "everything else stays. Writers may run; their offsets and positions are not\n"
		 "touched. Interrupted, even by kill -9, the same command goes on where it was;\n"
		 "complete, it begins again. (An empty database needs no replay: a writer fills it\n"
		 "by itself.)\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-writer replay --database 'host=db dbname=market'\n"
		 "  gapless-writer replay --from 2024-05-01 --symbols KRW-BTC,KRW-ETH\n"
		 "  gapless-writer replay --name nightly --from 2024-05-01T00:00+09:00\n\n"
		 "Several may run at once. SELECT * FROM market_data_replay shows how far each one\n"
		 "is.\n\n"
		 "Exit codes: 0 everything up to the end is stored; 1 stopped before (a signal:\n"
		 "            run it again to go on; else the log says what it needs); 2 settings,\n"
		 "            no such topic, or a database or topic that does not fit them\n"
		 "            (another source, migrations, privileges); 4 could not stop in time;\n"
		 "            130 second signal\n",
	 .own = of_replay,
	 .shared = of_topic,
	 .run = run_replay},
	{.name = "skip",
	 .help = "Skips one message that halts its partition: it becomes a dead letter.",
	 .usage =
		 "Usage: gapless-writer skip --partition P --offset O [--reason TEXT] [settings]\n\n"
		 "A message of a newer version or of another source halts its partition, since a\n"
		 "program must not throw away what it does not understand. This puts one such\n"
		 "message into candle_dead_letter, with the reason; a writer that it halts goes on\n"
		 "within some seconds, and a replay passes it. Any other message is refused.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-writer skip --partition 4 --offset 1217 --reason 'sent by mistake'\n\n"
		 "Exit codes: 0 done; 1 Kafka or the database went away: run it again; 2 settings,\n"
		 "            no such message, or one that halts nobody\n",
	 .own = of_skip_own,
	 .shared = of_skip,
	 .run = skip_run,
	 .terse = 1},
	{.name = "gaps",
	 .help = "Prints what is wanted and missing; exit code 1 if there is a gap.",
	 .usage = "Usage: gapless-writer gaps [settings]\n\n"
		  "Prints the gaps of all wanted series: what should be there by now, and is not\n"
		  "covered. An interval in which nothing was traded has no candle and is no gap.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-writer gaps\n"
		 "  gapless-writer gaps --symbols KRW-BTC,KRW-ETH --intervals 1m\n"
		 "  gapless-writer gaps --format tsv | awk '{ n += $5 } END { print n + 0 }'\n\n"
		 "Columns: symbol, interval, from, to (exclusive), intervals missing, and the\n"
		 "state of the series where it is not active.\n\n"
		 "What is unobtainable (older than the exchange keeps, settled by hand) is no\n"
		 "gap; nor is a row that no final read has confirmed. Both are counted apart,\n"
		 "and listed by --kind.\n\n"
		 "Exit codes: 0 no gap; 1 there are gaps; 2 settings, or the database does not\n"
		 "            say; 5 nothing is wanted yet\n",
	 .own = of_gaps,
	 .shared = of_database,
	 .run = gaps_run,
	 .terse = 1},
	{.name = "status",
	 .help = "Shows how complete each series is, those with trouble first.",
	 .usage =
		 "Usage: gapless-writer status [settings]\n\n"
		 "A line a series: a bar of what is covered, the age of the newest candle, how\n"
		 "many intervals are missing, how far the coverage lags, and its state or a cause.\n"
		 "In the bar: = candles, . no trades, X gap, u not available, blank not wanted or\n"
		 "not due. A cell shows the worst of what lies in it. Those with trouble stand\n"
		 "first. Colours on a terminal, unless NO_COLOR is set.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-writer status --watch\n"
		 "  gapless-writer status --symbols 'KRW-*' --intervals 1m --from 2024-05-01\n"
		 "  gapless-writer status --json | jq -r 'select(.missing > 0) | .symbol'\n\n"
		 "Exit codes: 0 no gap; 1 there are gaps; 2 settings, or the database does not\n"
		 "            say; 5 nothing is wanted of them\n",
	 .own = of_status,
	 .shared = of_database,
	 .run = status_run,
	 .terse = 1},
	{.name = "forget",
	 .help = "Takes the coverage of a span back, so that the producer fetches it again.",
	 .usage =
		 "Usage: gapless-writer forget --symbols LIST --intervals LIST --from ISO --to ISO\n"
		 "[settings]\n\n"
		 "Takes the coverage of a span back: the producer fetches it again after its next\n"
		 "lookup, and what it finds replaces what is there. The rows stay. Writers and\n"
		 "producers may run.\n",
	 .examples = "Examples:\n"
		     "  gapless-writer forget --symbols KRW-BTC --intervals 1m \\\n"
		     "                        --from 2024-05-01 --to 2024-05-02T12:00 --dry-run\n\n"
		     "Exit codes: 0 done; 1 the database went away in between: run it again; 2\n"
		     "            settings, or a database that refuses us\n",
	 .own = of_forget,
	 .shared = of_database,
	 .run = forget_run,
	 .terse = 1},
	{.name = "retain",
	 .help = "Gives up what is older than it is to be kept: rows, coverage, what is wanted.",
	 .usage = "Usage: gapless-writer retain [--keep LIST] [--symbols LIST] [settings]\n\n"
		  "Removes what is older than it is to be kept, in small transactions, and sees\n"
		  "to it that it does not come back: it is not wanted, fetched or stored any\n"
		  "more, and is no interval without trades. On a hypertable, chunks of which\n"
		  "nothing is kept are dropped; a retention policy that is there counts as if it\n"
		  "was named. Writers and producers may run.\n",
	 .examples = "Examples:\n"
		     "  gapless-writer retain --keep 1m=400d,1s=30d --dry-run\n"
		     "  gapless-writer retain --keep 1m=400d --symbols 'BTC-*'\n\n"
		     "Exit codes: 0 done; 1 stopped, or the database went away in between: run it\n"
		     "            again; 2 settings, or a database that refuses us\n",
	 .own = of_retain,
	 .shared = of_retain_shared,
	 .run = retain_run,
	 .terse = 1},
	{.name = "end",
	 .help = "Ends what is wanted of markets that nobody collects any more.",
	 .usage = "Usage: gapless-writer end --symbols LIST [--intervals LIST] [--purge]\n\n"
		  "What has ended is no gap, and not fetched any more, from the next lookup of\n"
		  "the producers on. Its rows stay, unless they are purged. A producer that is\n"
		  "started and wants it begins again.\n",
	 .examples = "Examples:\n"
		     "  gapless-writer end --symbols KRW-BTC --intervals 1s\n"
		     "  gapless-writer end --symbols 'BTC-*' --purge --dry-run\n\n"
		     "Exit codes: 0 done; 1 stopped, or the database went away in between: run it\n"
		     "            again; 2 settings, or a database that refuses us\n",
	 .own = of_end,
	 .shared = of_database,
	 .run = end_run,
	 .terse = 1},
	{.name = "settle",
	 .help = "Says of a span that it is not available, so that it is no gap any more.",
	 .usage =
		 "Usage: gapless-writer settle --symbols LIST --intervals LIST --from ISO --to ISO\n\n"
		 "What is missing of the span is unobtainable from then on: no gap, no interval\n"
		 "without trades, and not asked for. `gapless-writer forget` takes that back.\n",
	 .examples =
		 "Examples:\n"
		 "  gapless-writer settle --symbols KRW-BTC --intervals 1m --from 2024-05-01 \\\n"
		 "                        --to 2024-05-02 --reason 'before the relisting'\n\n"
		 "Exit codes: 0 done; 1 the database went away in between: run it again;\n"
		 "            2 settings, or a database that refuses us\n",
	 .own = of_settle,
	 .shared = of_database,
	 .run = settle_run,
	 .terse = 1},
	{.name = "discard",
	 .help = "Removes rows that no final read has confirmed.",
	 .usage = "Usage: gapless-writer discard --symbols LIST [--intervals LIST]\n"
		  "                              [--from ISO] [--to ISO]\n\n"
		  "Removes rows of spans in which everything was read, that no read has shown:\n"
		  "the exchange does not have them (gapless-writer gaps --kind unconfirmed).\n"
		  "Their intervals are read once more; what it has after all comes back.\n",
	 .examples = "Examples:\n"
		     "  gapless-writer discard --symbols KRW-BTC --intervals 1m --dry-run\n\n"
		     "Exit codes: 0 done; 1 the database went away in between: run it again;\n"
		     "            2 settings, or a database that refuses us\n",
	 .own = of_discard,
	 .shared = of_database,
	 .run = discard_run,
	 .terse = 1},
	{.name = NULL},
};

const struct settings_spec commands_spec = {
	.program = "gapless-writer",
	.usage = "Usage: gapless-writer [COMMAND] [settings]\n\n"
		 "Reads candles from Kafka and stores them in PostgreSQL, each once, with its\n"
		 "exact digits. A committed offset is never ahead of the database. Start more of\n"
		 "them to share the work; stop or kill them as you like.\n",
	.examples =
		"Examples:\n"
		"  gapless-writer migrate --database 'host=db dbname=market'\n"
		"  gapless-writer --brokers kafka1:9092,kafka2:9092 \\\n"
		"                 --database postgresql://writer@db/market\n"
		"  gapless-writer -X security.protocol=ssl -X ssl.ca.location=/etc/ssl/kafka.pem\n"
		"  gapless-writer replay --from 2024-05-01 --symbols KRW-BTC\n"
		"  gapless-writer gaps --symbols KRW-BTC\n"
		"  gapless-writer status --watch\n"
		"  gapless-writer forget --symbols KRW-BTC --intervals 1m \\\n"
		"                        --from 2024-05-01 --to 2024-05-02\n\n"
		"Exit codes: 0 done, or stopped by a signal; 1 stopped on what needs a person;\n"
		"            2 settings, or a database or topic that does not fit them (another\n"
		"            source, migrations, privileges, a wrong password); 3 replaced by\n"
		"            another with the same group-instance-id; 4 could not stop in time;\n"
		"            130 second signal\n",
	.table = options_table,
	.commands = commands,
};
