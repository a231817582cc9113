# SPDX-License-Identifier: MIT
"""What one would write in Python instead of gapless-indicators: a consumer that feeds TA-Lib's streaming functions and publishes
what they say. No gaps, no corrections, no late candles, no order: what comes next is taken for the next candle.

indicators_peer.py BROKERS TOPIC OUTPUT GROUP: until it is stopped."""
import math
import signal
import sys

import numpy as np
import orjson
import talib.stream
from confluent_kafka import Consumer, Producer

DAY = 86400000
WARM = 40  # candles until each of them can begin


class Series:
    def __init__(self):
        self.closes, self.day, self.quote, self.volume, self.streams = [], None, 0.0, 0.0, None

    def update(self, m):
        close = float(m["close"])
        if self.day != m["timestamp"] // DAY:
            self.day, self.quote, self.volume = m["timestamp"] // DAY, 0.0, 0.0
        self.quote += float(m["quote_volume"])
        self.volume += float(m["volume"])
        vwap = self.quote / self.volume if self.volume else math.nan
        if self.streams is None:
            self.closes.append(close)
            if len(self.closes) == WARM:
                h = np.array(self.closes)
                self.streams = [talib.stream.SMA(h, 20), talib.stream.EMA(h, 20), talib.stream.RSI(h, 14),
                                talib.stream.MACD(h, 12, 26, 9), talib.stream.BBANDS(h, 20, 2.0, 2.0)]
            return [None] * 5 + [vwap]
        return [s.update(close) for s in self.streams] + [vwap]


NAMES = [("sma", "20", ["sma"]), ("ema", "20", ["ema"]), ("rsi", "14", ["rsi"]), ("macd", "12:26:9", ["macd", "signal", "histogram"]),
         ("bb", "20:2", ["upper", "middle", "lower"]), ("vwap", "", ["vwap"])]


def main():
    brokers, topic, output, group = sys.argv[1:]
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 5,
                         "queue.buffering.max.messages": 200000, "partitioner": "murmur2_random"})
    consumer.subscribe([topic])
    running, series = [True], {}
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    while running:
        for message in consumer.consume(2000, 0.1):
            if message.error():
                continue
            m = orjson.loads(message.value())
            key = (m["symbol"], m["interval"])
            if key not in series:
                series[key] = Series()
            for (name, params, values), v in zip(NAMES, series[key].update(m)):
                v = v if isinstance(v, tuple) else (v,)
                value = {} if v[0] is None else {k: repr(float(x)) for k, x in zip(values, v)}
                out = {"v": 1, "symbol": m["symbol"], "interval": m["interval"], "timestamp": m["timestamp"], "indicator": name,
                       "params": params, "state": "final" if value else "unavailable", "reason": "" if value else "warming",
                       "value": value, "candles": 0, "as_of": m["fetched_at"], "source": m["source"]}
                while True:
                    try:
                        producer.produce(output, orjson.dumps(out), m["symbol"])
                        break
                    except BufferError:
                        producer.poll(0.02)
        producer.poll(0)
        producer.flush()
        try:
            consumer.commit(asynchronous=False)
        except Exception:
            pass


main()
