// The chart of a series: candles and volume by dygraphs, with painters of our own; what is missing is empty, and says what it is.

const chart = { data: null, lines: [], graph: null, panel: null, width: 0 };
const PANELS = ["rsi", "macd", "atr", "volume", "cross"]; // with a scale of their own; all others lie on the prices

// Of the library's own parts, the legend alone writes a style into the document, which the page's policy forbids; we have our own.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter(plugin => plugin !== Dygraph.Plugins.Legend);

// ---- what is shown: rows of [the middle of a bar, open, high, low, close, line...]

function barLength() { return chart.data.step || LENGTH_MS[chart.data.interval]; }

function lineName(i, value) { return `${i.indicator}${i.params ? "(" + i.params + ")" : ""} ${value}`; }

// One line for each value of each chosen indicator.
function linesOf(indicators, chosen) {
	const lines = [];
	for (const i of indicators) {
		const id = i.indicator + (i.params ? "(" + i.params + ")" : "");
		if (!chosen.includes(id)) continue;
		const byName = new Map();
		for (const [at, value, quality] of i.points)
			for (const name in value) {
				if (!byName.has(name)) byName.set(name, new Map());
				byName.get(name).set(at, { value: Number(value[name]), quality });
			}
		for (const [name, points] of byName)
			lines.push({ name: lineName(i, name), panel: PANELS.includes(i.indicator), points });
	}
	return lines;
}

// Times at which lines must break: where a gap begins.
function breaksOf(data) {
	return data.spans.filter(s => s[2] !== "covered").map(s => s[0]);
}

function rowsOf(data, lines) {
	const at = new Map(data.bars.map(b => [b[0], b]));
	const times = new Set(at.keys());
	for (const l of lines) for (const t of l.points.keys()) times.add(t);
	for (const t of breaksOf(data)) times.add(t);
	const number = (b, i) => b ? Number(b[i]) : null;
	return [...times].sort((a, b) => a - b).map(t => {
		const b = at.get(t);
		return [t + barLength() / 2, number(b, 1), number(b, 2), number(b, 3), number(b, 4), ...lines.map(l => l.points.get(t)?.value ?? null)];
	});
}

// ---- painting

// Where nothing is covered: hatched and named, not only coloured.
function paintSpans(ctx, area, g) {
	const { data } = chart;
	for (const [from, to, kind, reason] of data.spans) {
		const x = g.toDomXCoord(from), w = Math.max(g.toDomXCoord(to) - x, 2);
		if (kind === "covered") {
			ctx.fillStyle = colours.full;
			ctx.fillRect(x, area.y + area.h - 3, w, 3);
			continue;
		}
		const colour = kind === "gap" ? colours.gap : colours.refused;
		ctx.save();
		ctx.globalAlpha = 0.13;
		ctx.fillStyle = colour;
		ctx.fillRect(x, area.y, w, area.h);
		ctx.globalAlpha = 0.5;
		hatch(ctx, x, area.y, w, area.h, colour, kind === "gap" ? 12 : 6);
		ctx.globalAlpha = 1;
		const text = kind === "gap" ? "gap" : reason || "not available";
		ctx.font = "12px system-ui, 'DejaVu Sans', sans-serif";
		if (ctx.measureText(text).width + 12 < w) {
			ctx.fillStyle = colours.card;
			ctx.fillRect(x + w / 2 - ctx.measureText(text).width / 2 - 4, area.y + 6, ctx.measureText(text).width + 8, 17);
			ctx.fillStyle = colour;
			ctx.textAlign = "center";
			ctx.fillText(text, x + w / 2, area.y + 19);
		}
		ctx.restore();
	}
}

function barWidth(g, area) {
	const { data } = chart, length = barLength();
	return { length, w: Math.max(1, Math.min(14, area.w * length / (data.to - data.from) * 0.7)) };
}

// Volume: the lowest sixth of the same picture.
function paintVolume(ctx, area, g) {
	const most = Math.max(...chart.data.bars.map(b => Number(b[5])), 0);
	if (!(most > 0)) return;
	const { length, w } = barWidth(g, area), base = area.y + area.h, tall = area.h / 6;
	ctx.save();
	ctx.globalAlpha = 0.45;
	ctx.fillStyle = colours.quiet;
	for (const b of chart.data.bars) {
		const h = Number(b[5]) / most * tall;
		ctx.fillRect(g.toDomXCoord(b[0] + length / 2) - w / 2, base - h, w, h);
	}
	ctx.restore();
}

function paintUnder(ctx, area, g) {
	if (!chart.data) return;
	paintVolume(ctx, area, g);
	paintSpans(ctx, area, g);
}

// Solid: final. Hollow and blue: provisional, it may still change.
function paintCandles(e) {
	if (e.seriesIndex !== 0 || !chart.data) return;
	const { drawingContext: ctx, dygraph: g, plotArea: area } = e, { length, w } = barWidth(g, area);
	for (const [at, o, h, l, c, , , provisional] of chart.data.bars) {
		const x = g.toDomXCoord(at + length / 2), open = g.toDomYCoord(Number(o)), close = g.toDomYCoord(Number(c));
		const colour = provisional > 0 ? colours.provisional : Number(c) < Number(o) ? colours.down : colours.up;
		ctx.strokeStyle = ctx.fillStyle = colour;
		ctx.lineWidth = 1;
		ctx.beginPath();
		ctx.moveTo(x, g.toDomYCoord(Number(h)));
		ctx.lineTo(x, g.toDomYCoord(Number(l)));
		ctx.stroke();
		const top = Math.min(open, close), tall = Math.max(1, Math.abs(open - close));
		if (provisional > 0 && w > 3) {
			ctx.fillStyle = colours.card;
			ctx.fillRect(x - w / 2, top, w, tall);
			ctx.strokeRect(x - w / 2 + 0.5, top + 0.5, Math.max(1, w - 1), Math.max(1, tall - 1));
		} else {
			ctx.fillRect(x - w / 2, top, w, tall);
		}
	}
}

// ---- the graphs

function lineColours(n) {
	const all = ["#8250c4", "#c97b00", "#0e7fb8", "#b5487f", "#5c8a00", "#7a6a58"];
	return Array.from({ length: n }, (_, i) => all[i % all.length]);
}

function priceRange(rows, lines) {
	let low = Infinity, high = -Infinity;
	for (const row of rows)
		for (let i = 1; i < row.length; i++) {
			if (row[i] === null || i === 1 && row[2] === null) continue;
			low = Math.min(low, row[i]);
			high = Math.max(high, row[i]);
		}
	if (low > high) return [0, 1];
	const room = (high - low) || Math.abs(high) * 0.01 || 1;
	return [low - room * 0.28, high + room * 0.06]; // below: the volume's place
}

// Enough digits to tell the axis' marks apart.
function priceLabel(value, granularity, opts, g) {
	const [low, high] = g.yAxisRange(), digits = Math.max(0, Math.min(10, Math.ceil(1 - Math.log10(high - low))));
	if (g === chart.graph && value < 0 && low < 0 && chart.data.bars.every(b => Number(b[3]) >= 0)) return ""; // below is no price
	return count(Math.trunc(Math.abs(value))).replace(/^/, value < 0 ? "-" : "") + (digits ? value.toFixed(digits).replace(/^-?\d+/, "") : "");
}

function commonOptions() {
	return {
		legend: "never", labelsUTC: true, dateWindow: [chart.data.from, chart.data.to], connectSeparatedPoints: false,
		gridLineColor: colours.line, axisLineColor: colours.line, highlightCircleSize: 0, strokeWidth: 1.3,
		xRangePad: 0, rightGap: 4,
		zoomCallback: (from, to) => chartZoomed(from, to),
		highlightCallback: (event, x) => chartReads(x), unhighlightCallback: () => chartReads(null),
		axes: {
			x: { ticker: (a, b, pixels, opts, g) => Dygraph.dateTicker(a, b, pixels, opts, g), drawGrid: true, axisLabelFormatter: Dygraph.dateAxisLabelFormatter },
			y: { axisLabelWidth: 70, axisLabelFormatter: priceLabel },
		},
	};
}

function graphInto(element, old, rows, options) {
	if (old) old.destroy();
	return new Dygraph(element, rows, options);
}

function chartDraw() {
	const over = chart.lines.filter(l => !l.panel), below = chart.lines.filter(l => l.panel);
	const rows = rowsOf(chart.data, over);
	if (!rows.length) rows.push([chart.data.from, null, null, null, null, ...over.map(() => null)]);
	const labels = ["time", "open", "high", "low", "close", ...over.map(l => l.name)], series = {};
	for (const name of ["open", "high", "low", "close"]) series[name] = { plotter: name === "open" ? paintCandles : () => {} };
	chart.graph = graphInto(document.getElementById("candles"), chart.graph, rows, {
		...commonOptions(), labels, series, colors: ["#888", "#888", "#888", "#888", ...lineColours(over.length)],
		valueRange: priceRange(rows, over), underlayCallback: paintUnder,
	});
	const panel = document.getElementById("panel");
	panel.hidden = !below.length;
	if (chart.panel) chart.panel.destroy();
	chart.panel = null;
	if (!below.length) return;
	const values = rowsOf({ ...chart.data, bars: [] }, below).map(r => [r[0], ...r.slice(5)]);
	chart.panel = graphInto(panel, null, values, { ...commonOptions(), labels: ["time", ...below.map(l => l.name)], colors: lineColours(below.length) });
}

// ---- words around it

function chartReads(x) {
	const element = document.getElementById("readout"), { data } = chart;
	if (!data) return;
	const bar = x === null ? data.bars[data.bars.length - 1] : data.bars.find(b => b[0] + barLength() / 2 === x);
	element.replaceChildren();
	if (!bar) {
		element.textContent = data.bars.length ? "" : "No candle in this span.";
		return;
	}
	const put = (label, value) => { const b = document.createElement("b"); b.textContent = value; element.append(label + " ", b, "  "); };
	put("", when(bar[0]));
	["O", "H", "L", "C", "V"].forEach((label, i) => put(label, bar[i + 1]));
	if (bar[6] > 1) element.append(`${count(bar[6])} candles  `);
	if (bar[7] > 0) put("", bar[6] > 1 ? `${bar[7]} provisional` : "provisional: may still change");
	if (bar[8] > 0) put("", "not confirmed by the exchange");
	for (const l of chart.lines) {
		const point = l.points.get(bar[0]);
		if (point) put(l.name, point.value.toPrecision(8).replace(/\.?0+$/, "") + (point.quality === "provisional" ? " (provisional)" : ""));
	}
}

function chartLegend() {
	const step = chart.data.step && chart.data.step !== LENGTH_MS[chart.data.interval] ? `One bar: ${age(chart.data.step)}. ` : "";
	const items = [["up", "rises"], ["down", "falls"], ["provisional", "hollow: provisional, may still change"], ["quiet", "volume"], ["full", "line below: covered, no candle means no trades"],
		["gap", "hatched red: gap"], ["refused", "hatched closely: not available"]];
	const box = document.getElementById("chart-legend");
	box.replaceChildren(step, ...items.map(([colour, text]) => {
		const item = document.createElement("span"), canvas = document.createElement("canvas");
		canvas.style.width = "14px";
		canvas.style.height = "14px";
		item.append(canvas, text);
		item.dataset.colour = colour;
		return item;
	}));
	for (const item of box.children) {
		const { ctx, w, h } = sized(item.querySelector("canvas")), colour = colours[item.dataset.colour];
		if (["gap", "refused"].includes(item.dataset.colour)) hatch(ctx, 0, 0, w, h, colour, item.dataset.colour === "gap" ? 7 : 4);
		else if (item.dataset.colour === "provisional") { ctx.strokeStyle = colour; ctx.strokeRect(3.5, 1.5, w - 7, h - 3); }
		else { ctx.fillStyle = colour; ctx.fillRect(...({ quiet: [3, h / 2, w - 6, h / 2], full: [0, h - 4, w, 3] }[item.dataset.colour] || [3, 1, w - 6, h - 2])); }
	}
}

function chartGaps() {
	const spans = chart.data.spans.filter(s => s[2] !== "covered"), box = document.getElementById("gaps"), list = document.createElement("ul");
	box.replaceChildren();
	if (!spans.length) return;
	for (const [from, to, kind, reason] of spans.slice(0, 20)) {
		const item = document.createElement("li"), a = document.createElement("a"), length = LENGTH_MS[state.interval];
		a.href = writeState({ ...state, from: from - 60 * length, to: to + 60 * length });
		a.textContent = `${when(from)} .. ${when(to)}`;
		item.append(a, ` ${kind === "gap" ? "gap" : reason || "not available"}, ${intervals(Math.round((to - from) / length))}`);
		list.append(item);
	}
	box.append(`${spans.length === 4000 ? "4000 and more" : spans.length} ${spans.length === 1 ? "span" : "spans"} missing or not available` +
		`${spans.length > 20 ? "; the first 20" : ""}:`, list);
	if (spans.length > 20) box.append(`and ${count(spans.length - 20)} more`);
}

function chartChoices(indicators) {
	const box = document.getElementById("indicators");
	box.replaceChildren(...indicators.map(i => {
		const id = i.indicator + (i.params ? "(" + i.params + ")" : ""), button = document.createElement("button");
		button.textContent = id;
		button.setAttribute("aria-pressed", String(state.show.includes(id)));
		button.onclick = () => go({ show: state.show.includes(id) ? state.show.filter(x => x !== id) : [...state.show, id] });
		return button;
	}));
}

// ---- the span that is shown

function chartSpan() {
	if (state.from !== null) return [state.from, state.to];
	const series = map.data && map.data.series.find(s => s.symbol === state.symbol && s.interval === state.interval);
	const length = LENGTH_MS[state.interval], newest = series && series.newest !== null ? series.newest + length : 0;
	const now = map.data ? map.data.to : Date.now(), bars = state.bars;
	// The newest candles: up to now, or up to the last one of a series that has long ended.
	const to = newest && now - newest > bars * length ? newest + 5 * length : Math.max(now, newest) + 2 * length;
	return [Math.floor((to - bars * length) / length) * length, Math.ceil(to / length) * length];
}

function chartZoomed(from, to) {
	const length = LENGTH_MS[state.interval], least = 10 * length, middle = (from + to) / 2, half = Math.max(to - from, least) / 2;
	go({ from: Math.floor((middle - half) / length) * length, to: Math.ceil((middle + half) / length) * length });
}

function chartMove(by, factor) {
	if (by === 0 && state.from === null) return go({ bars: Math.min(20000, Math.max(20, Math.round(state.bars * factor))) });
	const [from, to] = chartSpan(), length = LENGTH_MS[state.interval], span = to - from;
	const wide = Math.min(Math.max(span * factor, 20 * length), 590000 * length), middle = (from + to) / 2 + by * span;
	return chartZoomed(middle - wide / 2, middle + wide / 2);
}

async function chartAsk() {
	const [from, to] = chartSpan(), points = Math.min(2000, Math.max(60, Math.floor(document.getElementById("candles").clientWidth / 5)));
	const series = `symbol=${encodeURIComponent(state.symbol)}&interval=${state.interval}&from=${from}&to=${to}`;
	const asked = writeState(state), data = await ask(`api/candles?${series}&points=${points}`);
	// An indicator is of single candles: not of bars that are many.
	const single = !data.step || data.step === LENGTH_MS[data.interval];
	const { indicators } = single ? await ask(`api/indicators?${series}`) : { indicators: [] };
	if (asked !== writeState(state)) return; // somebody went on meanwhile
	chart.data = data;
	chart.lines = linesOf(indicators, state.show);
	document.getElementById("chart-name").textContent = `${state.symbol} ${state.interval}`;
	document.getElementById("latest").setAttribute("aria-pressed", String(state.from === null));
	chartDraw();
	chartReads(null);
	chartLegend();
	chartGaps();
	chartChoices(indicators);
}
