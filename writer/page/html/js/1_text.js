"use strict";
// Words and numbers. Pure.

const KINDS = {
	"=": { name: "candles", paint: "full" },
	".": { name: "no trades", paint: "quiet" },
	"X": { name: "gap", paint: "gap" },
	"u": { name: "not available from the exchange", paint: "refused" },
	" ": { name: "not wanted, or not due yet", paint: "none" },
};

const LENGTH_MS = { "1s": 1e3, "1m": 6e4, "3m": 18e4, "5m": 3e5, "10m": 6e5, "15m": 9e5, "30m": 18e5, "1h": 36e5, "4h": 144e5,
	"1d": 864e5, "1w": 6048e5, "1M": 26784e5 };

function age(ms) {
	if (ms < 0) ms = 0;
	const units = [["d", 864e5], ["h", 36e5], ["m", 6e4], ["s", 1e3]];
	const [unit, length] = units.find(u => ms >= 2 * u[1]) || units[3];
	return Math.floor(ms / length) + " " + unit;
}

function count(n) {
	return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function intervals(n) {
	return count(n) + (n === 1 ? " interval" : " intervals");
}

// "2026-01-05 10:00", with seconds if there are any.
function when(ms) {
	const text = new Date(ms).toISOString();
	return text.slice(0, 10) + " " + text.slice(11, ms % 60000 ? 19 : 16);
}

// Short, for an axis that goes from..to.
function tick(ms, step) {
	const text = new Date(ms).toISOString();
	return step >= 864e5 || ms % 864e5 === 0 ? text.slice(5, 10) : text.slice(11, 16);
}

function tickStep(span, most) {
	const steps = [6e4, 3e5, 6e5, 9e5, 18e5, 36e5, 108e5, 216e5, 432e5, 864e5, 6048e5, 2592e6, 7776e6, 31536e6];
	return steps.find(s => span / s <= most) || 31536e6;
}

// The page's state, as it stands behind the # of its address.
function readState(hash) {
	const q = new URLSearchParams(hash.replace(/^#/, ""));
	const time = name => { const ms = Date.parse(q.get(name)); return Number.isFinite(ms) ? ms : null; };
	const from = time("from"), to = time("to");
	return {
		symbol: q.get("symbol"), interval: LENGTH_MS[q.get("interval")] ? q.get("interval") : null,
		from: from !== null && to !== null && from < to ? from : null, to: from !== null && to !== null && from < to ? to : null,
		bars: Math.min(20000, Math.max(20, Number(q.get("bars")) || 150)),
		span: Number(q.get("span")) || 86400, filter: q.get("filter") || "",
		show: (q.get("show") || "").split(",").filter(Boolean),
	};
}

function writeState(s) {
	const q = new URLSearchParams();
	const iso = ms => new Date(ms).toISOString().replace(".000Z", "Z");
	if (s.symbol && s.interval) { q.set("symbol", s.symbol); q.set("interval", s.interval); }
	if (s.symbol && s.from !== null && s.to !== null) { q.set("from", iso(s.from)); q.set("to", iso(s.to)); }
	if (s.symbol && s.from === null && s.bars !== 150) q.set("bars", String(s.bars));
	if (s.span !== 86400) q.set("span", String(s.span));
	if (s.filter) q.set("filter", s.filter);
	if (s.show.length) q.set("show", s.show.join(","));
	return "#" + q.toString().replace(/%3A/g, ":").replace(/%2C/g, ",");
}

// Is a series meant by the filter? Each of its words is in the name.
function matches(series, filter) {
	const name = (series.symbol + " " + series.interval).toLowerCase();
	return filter.toLowerCase().split(/[\s,]+/).every(word => name.includes(word));
}

// Of the writer's /metrics: the sum of each sample's values, and the greatest.
function readMetrics(text) {
	const all = {};
	for (const line of text.split("\n")) {
		const m = /^([a-z_0-9]+)(\{[^}]*\})? (\S+)$/.exec(line);
		if (!m) continue;
		const value = Number(m[3]), of = all[m[1]] || (all[m[1]] = { sum: 0, max: 0, n: 0 });
		of.sum += value;
		of.max = Math.max(of.max, value);
		of.n++;
	}
	return all;
}
