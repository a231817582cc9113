#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the indicators of a series are, computed in one go from the whole table, and compared with the topic.

usage: indicators_batch.py INDICATORS INTERVAL_MS CANDLES COVERAGE TOPIC [skip|carry]

CANDLES: lines "timestamp open high low close volume quote_volume fetched_at" (ms); COVERAGE: lines "from to" (ms); TOPIC:
lines "offset message" of this series. Formulas are written here as TA-Lib's documentation has them, over plain lists; nothing is
shared with the program. The last message of each key (the greatest as_of, of those the greatest offset) must equal the batch to
1e-9, and no key may be missing or too many.
"""
import bisect
import json
import sys

DAY = 86400000


def sma(x, n):
    return [None] * (n - 1) + [sum(x[i - n + 1:i + 1]) / n for i in range(n - 1, len(x))]


def ema(x, n, first=0):
    """Seeded with the mean of the n values that end at first + n - 1."""
    out, a = [None] * len(x), 2 / (n + 1)
    for i in range(first + n - 1, len(x)):
        out[i] = sum(x[first:first + n]) / n if i == first + n - 1 else out[i - 1] + a * (x[i] - out[i - 1])
    return out


def wilder(x, n):
    """x[0] is None; seeded with the mean of x[1..n]."""
    out = [None] * len(x)
    for i in range(n, len(x)):
        out[i] = sum(x[1:n + 1]) / n if i == n else (out[i - 1] * (n - 1) + x[i]) / n
    return out


def batch(kind, p, run):
    """Values of a run of candles, as dicts or None."""
    c = [b["c"] for b in run]
    if kind == "sma":
        return [v if v is None else {"sma": v} for v in sma(c, p[0])]
    if kind == "volume":
        return [v if v is None else {"volume": v} for v in sma([b["v"] for b in run], p[0])]
    if kind == "ema":
        return [v if v is None else {"ema": v} for v in ema(c, p[0])]
    if kind == "rsi":
        d = [None] + [c[i] - c[i - 1] for i in range(1, len(c))]
        g = wilder([v if v is None else max(v, 0) for v in d], p[0])
        l = wilder([v if v is None else max(-v, 0) for v in d], p[0])
        return [None if a is None else {"rsi": 0.0 if a + b < 1e-22 * p else 100 * a / (a + b)} for a, b, p in zip(g, l, c)]
    if kind == "atr":
        tr = [None] + [max(run[i]["h"] - run[i]["l"], abs(run[i]["h"] - c[i - 1]), abs(run[i]["l"] - c[i - 1]))
                       for i in range(1, len(run))]
        return [v if v is None else {"atr": v} for v in wilder(tr, p[0])]
    if kind == "bb":
        out = []
        for i, m in enumerate(sma(c, p[0])):
            if m is None:
                out.append(None)
                continue
            w = p[1] * (sum((v - m) ** 2 for v in c[i - p[0] + 1:i + 1]) / p[0]) ** 0.5
            out.append({"lower": m - w, "middle": m, "upper": m + w})
        return out
    if kind == "macd":
        fast, slow, signal = p
        f, s = ema(c, fast, slow - fast), ema(c, slow)
        line = [None if b is None else a - b for a, b in zip(f, s)]
        sig = ema([0 if v is None else v for v in line], signal, slow - 1)
        return [None if b is None else {"macd": a, "signal": b, "histogram": a - b} for a, b in zip(line, sig)]
    if kind == "cross":
        side = []
        for a, b in zip(sma(c, p[0]), sma(c, p[1])):
            side.append(None if b is None else (a - b > 1e-12 * b) - (a - b < -1e-12 * b))
        return [None if i == 0 or side[i - 1] is None else {"cross": s if s and s != side[i - 1] else 0}
                for i, s in enumerate(side)]
    if kind == "vwap":
        out, day, q, v = [], None, 0.0, 0.0
        for i, b in enumerate(run):
            if day != b["t"] // DAY:
                day, q, v, whole = b["t"] // DAY, 0.0, 0.0, i > 0 or b["day_known"]
            q, v = q + b["q"], v + b["v"]
            out.append({"vwap": q / v} if whole and v > 0 else {} if whole else None) # {}: nothing was traded yet
        return out
    raise SystemExit("no kind " + kind)


def runs_of(candles, spans, length):
    """Cuts the candles where time between two of them is not known."""
    starts = [s[0] for s in spans]

    def end_of(at):  # of the covered run that begins at `at`
        i = bisect.bisect_right(starts, at) - 1
        return spans[i][1] if i >= 0 and spans[i][1] > at else at

    runs = []
    for b in candles:
        b["final"] = end_of(b["t"]) >= b["t"] + length
        b["day_known"] = end_of(b["t"] // DAY * DAY) >= b["t"]
        if runs:
            hole = runs[-1][-1]["t"] + length
            known = end_of(hole)
            if known < b["t"]:
                b["final"] = False
                if known // length * length + length <= b["fetched"] - 60000 - length - 30000:
                    runs.append([])
                    b["final"] = end_of(b["t"]) >= b["t"] + length
        else:
            runs.append([])
        runs[-1].append(b)
    return runs


def carried(candles, spans, length):
    """An interval without trades as a flat candle, where it is known that there were none."""
    out, until = [], {s[0]: s[1] for s in spans}
    have = {b["t"] for b in candles}
    for i, b in enumerate(candles):
        out.append(b)
        t, stop = b["t"] + length, candles[i + 1]["t"] if i + 1 < len(candles) else None
        while (stop is None or t < stop) and t not in have and any(f <= b["t"] + length and t + length <= e for f, e in spans):
            out.append(dict(b, t=t, o=b["c"], h=b["c"], l=b["c"], v=0.0, q=0.0))
            t += length
    return out


def read_topic(path):
    last = {}
    for line in open(path):
        offset, text = line.rstrip("\n").split(" ", 1)
        m = json.loads(text)
        key = (m["indicator"], m["params"], m["timestamp"])
        rank = (m["as_of"], int(offset))
        if key not in last or rank > last[key][0]:
            last[key] = (rank, m)
    return {k: v[1] for k, v in last.items()}


def main():
    indicators, length, path, covered, topic = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
    names = ["t", "o", "h", "l", "c", "v", "q", "fetched"]
    candles = [dict(zip(names, [int(f[0])] + [float(x) for x in f[1:7]] + [int(f[7])]))
               for f in (line.split() for line in open(path))]
    spans = sorted(tuple(int(x) for x in line.split()) for line in open(covered))
    if sys.argv[6:] == ["carry"]:
        candles = carried(candles, spans, length)
    runs, got, bad, compared = runs_of(candles, spans, length), read_topic(topic), 0, 0

    def wrong(*what):
        nonlocal bad
        bad += 1
        if bad <= 5:
            print("#  ", *what)

    for text in indicators.split(","):
        kind, *params = text.split(":")
        p = [float(x) if "." in x else int(x) for x in params]
        for n, run in enumerate(runs):
            for b, want in zip(run, batch(kind, p, run)):
                m = got.pop((kind, ":".join(params), b["t"]), None)
                nothing = kind == "cross" and (want is None or want["cross"] == 0)
                if m is None:
                    if not nothing:
                        wrong(text, b["t"], "is missing, wanted", want)
                    continue
                compared += 1
                have = {k: float(v) for k, v in m["value"].items()}
                scale = b["c"] if kind in ("macd", "atr") else 0
                if not want:
                    reason = "gap" if n and want is None else "warming"
                    if m["state"] != "unavailable" or have or m["reason"] != reason:
                        wrong(text, b["t"], "should be unavailable:", reason, m)
                elif m["state"] == "unavailable" or have.keys() != want.keys() or any(
                        abs(have[k] - want[k]) > 1e-9 * max(abs(want[k]), scale * 1e-3) for k in want):
                    wrong(text, b["t"], "wanted", want, "got", m)
                elif b["final"] is False and m["state"] == "final":
                    wrong(text, b["t"], "is said to be final, and its candle is not:", m)
    for key in list(got)[:5]:
        wrong("there is no such candle:", got[key])
    print(f"# {len(candles)} candles in {len(runs)} runs, {compared} values compared, {bad} wrong")
    sys.exit(bad > 0 or compared == 0)


main()
