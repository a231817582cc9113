# SPDX-License-Identifier: MIT
"""What one would write in Python instead of gapless-writer: batches of 5,000 by COPY into a temporary table and INSERT ... ON
CONFLICT DO NOTHING, offsets committed after the database. No validation, no coverage, no dead letters, no corrections.

peer.py BROKERS TOPIC GROUP MESSAGES: stops after so many messages, and prints seconds from the first batch's commit to the
last one's, messages between, CPU seconds and peak kB."""
import resource
import sys
import time

import orjson
import psycopg
from confluent_kafka import Consumer

COLUMNS = ("symbol", "interval", "timestamp", "open", "high", "low", "close", "volume", "quote_volume", "revision", "fetched_at")
STAGE = """CREATE TEMP TABLE stage (symbol text, interval text, timestamp bigint, open numeric, high numeric, low numeric,
    close numeric, volume numeric, quote_volume numeric, revision bigint, fetched_at bigint) ON COMMIT DELETE ROWS"""
INSERT = """INSERT INTO market_data SELECT symbol, interval, to_timestamp(timestamp / 1000.0), open, high, low, close, volume,
    quote_volume, revision, to_timestamp(fetched_at / 1000.0) FROM stage
    ON CONFLICT (symbol, interval, timestamp) DO NOTHING"""


def rows(messages):
    for message in messages:
        try:
            value = orjson.loads(message.value())
            yield tuple(value[column] for column in COLUMNS)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            print(f"skipped {message.partition()}/{message.offset()}: {error}", file=sys.stderr)


def store(connection, messages):
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY stage ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in rows(messages):
                copy.write_row(row)
        cursor.execute(INSERT)
    connection.commit()


def connect():
    connection = psycopg.connect("")
    connection.execute(STAGE)
    connection.commit()
    return connection


def main():
    brokers, topic, group, wanted = sys.argv[1:4] + [int(sys.argv[4])]
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest",
                         "enable.auto.commit": False})
    consumer.subscribe([topic])
    connection = connect()
    done = first = begun = 0
    while done < wanted:
        messages = [m for m in consumer.consume(5000, 1.0) if not m.error()]
        if not messages:
            continue
        while True:
            try:
                connection = connection or connect()
                store(connection, messages)
                break
            except psycopg.OperationalError as error:
                print(f"again: {error}", file=sys.stderr)
                connection = None
                time.sleep(1)
        consumer.commit(asynchronous=False)
        done += len(messages)
        if not begun:
            begun, first = time.monotonic(), done
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(time.monotonic() - begun, done - first, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
    consumer.close()


main()
