/* SPDX-License-Identifier: MIT */
/* Questions about market_data that both the start-up check and the adoption ask: boolean
 * expressions. */
#ifndef GAPLESS_TABLE_SQL_H
#define GAPLESS_TABLE_SQL_H

/* A valid unique index on exactly (symbol, interval, timestamp), that ON CONFLICT can use. */
#define SQL_HAS_KEY                                                                                           \
	"EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = 'market_data'::regclass "                       \
	"AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL " \
	"AND i.indnkeyatts = 3 AND (SELECT array_agg(a.attname::text ORDER BY a.attname) "                    \
	"FROM pg_attribute AS a WHERE a.attrelid = i.indrelid "                                               \
	"AND a.attnum = ANY ((i.indkey::int2[])[0:2])) = ARRAY['interval', 'symbol', 'timestamp'])"

/* Our writer has stored something in this database, so that market_data is no older collector's. */
#define SQL_IS_WRITTEN \
	"(EXISTS (SELECT FROM market_data_coverage) OR EXISTS (SELECT FROM market_data_position))"

#endif
