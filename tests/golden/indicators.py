#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/data/indicators/*.tsv: candles, and what TA-Lib makes of them. Run once, with the wheel that is pinned here:

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install ta-lib==0.8.2 numpy
    /tmp/golden/bin/python tests/golden/indicators.py tests/data/indicators

The test reads the files; nobody who runs it needs the wheel. TA-Lib has no VWAP and no crossover: the first is computed here in
exact fractions, the second from TA-Lib's averages.
"""
import glob
import json
import random
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import talib

MINUTE = 60000
COLUMNS = ["timestamp", "open", "high", "low", "close", "volume", "quote_volume", "sma:20", "ema:20", "rsi:14", "macd:12:26:9.macd",
           "macd:12:26:9.signal", "macd:12:26:9.histogram", "bb:20:2.lower", "bb:20:2.middle", "bb:20:2.upper", "atr:14",
           "volume:20", "vwap", "cross:5:20"]


def recorded():
    """The recorded minutes of KRW-BTC, digit for digit."""
    rows = {}
    for path in glob.glob("tests/data/upbit/upbit_1m_*.json"):
        for r in json.load(open(path), parse_float=Decimal):
            rows[r["candle_date_time_utc"]] = r
    t = 1582185600000
    for i, k in enumerate(sorted(rows)):
        r = rows[k]
        yield [str(r[n]) for n in ("opening_price", "high_price", "low_price", "trade_price", "candle_acc_trade_volume",
                                   "candle_acc_trade_price")]


def walked(seed, start, step, digits, flat=()):
    """A random walk on a grid of prices; in `flat` spans the price stands still."""
    rng, price = random.Random(seed), Decimal(start)
    step = Decimal(step)
    for i in range(240):
        o = price
        if not any(a <= i < b for a, b in flat):
            price += step * rng.randint(-9, 9)
        h, l = max(o, price), min(o, price)
        if h != l:
            h, l = h + step * rng.randint(0, 4), l - step * rng.randint(0, 4)
        v = Decimal(rng.randint(1, 10**9)).scaleb(-8)
        q = (v * (o + price) / 2).quantize(Decimal(1).scaleb(-digits))
        yield [f"{x:f}" for x in (o, h, l, price, v, q)]


def cell(v):
    return "" if v is None or (isinstance(v, float) and np.isnan(v)) else repr(float(v))


def outputs(rows, stamps):
    high, low, close, volume = (np.array([float(r[i]) for r in rows]) for i in (1, 2, 3, 4))
    sma = {n: talib.SMA(close, n) for n in (5, 20)}
    lower, middle, upper = talib.BBANDS(close, 20, 2, 2)[::-1]
    line, signal, histogram = talib.MACD(close, 12, 26, 9)
    columns = [sma[20], talib.EMA(close, 20), talib.RSI(close, 14), line, signal, histogram, lower, middle, upper,
               talib.ATR(high, low, close, 14), talib.SMA(volume, 20)]
    day, quote, base, vwap, cross, side = None, 0, 0, [], [], None
    for i, r in enumerate(rows):
        if day != stamps[i] // 86400000:
            day, quote, base = stamps[i] // 86400000, Fraction(0), Fraction(0)
        quote, base = quote + Fraction(r[5]), base + Fraction(r[4])
        vwap.append(float(quote / base))
        before, apart = side, sma[5][i] - sma[20][i]
        side = None if np.isnan(apart) else int(apart > 1e-12 * close[i]) - int(apart < -1e-12 * close[i])
        cross.append(None if before is None else side if side != before else 0)
    return [[cell(c[i]) for c in columns] + [cell(vwap[i]), cell(cross[i])] for i in range(len(rows))]


def write(folder, name, rows, start):
    rows = list(rows)
    stamps = [start + i * MINUTE for i in range(len(rows))]
    with open(f"{folder}/{name}.tsv", "w") as f:
        f.write(f"# TA-Lib wheel {talib.__version__}, C library {talib.__ta_version__.decode().split(' ')[0]}\n")
        f.write("\t".join(COLUMNS) + "\n")
        for t, r, o in zip(stamps, rows, outputs(rows, stamps)):
            f.write("\t".join([str(t)] + r + o) + "\n")


def main():
    day = 1582156800000 # 2020-02-20
    write(sys.argv[1], "recorded", recorded(), day)
    write(sys.argv[1], "small", walked(1, "0.00123457", "0.00000001", 12), day + 22 * 60 * MINUTE) # over midnight
    write(sys.argv[1], "large", walked(2, "160000000", "1000", 4), day)
    write(sys.argv[1], "cents", walked(3, "60123.45", "0.01", 8), day)
    write(sys.argv[1], "flat", walked(4, "11498000.0", "1000.0", 4, flat=((0, 40), (70, 200))), day)
    write(sys.argv[1], "still", walked(5, "0.0000001234", "0.0000000001", 16, flat=((30, 240),)), day)


main()
