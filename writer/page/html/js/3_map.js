// The map: a row for each series, its bar of what is covered. Knows nothing of the chart: a click is a link.

const map = { data: null, rows: new Map() };

function mapRow(series) {
	const key = series.symbol + " " + series.interval;
	let row = map.rows.get(key);
	if (row) return row;
	const a = document.createElement("a");
	const part = (tag, name) => { const e = document.createElement(tag); e.className = name; a.append(e); return e; };
	row = { a, name: part("span", "name"), canvas: part("canvas", "strip"), missing: part("span", "n"), age: part("span", "n") };
	const interval = document.createElement("small");
	interval.textContent = series.interval;
	row.name.append(series.symbol + " ", interval);
	a.addEventListener("click", event => mapClicked(event, row));
	a.addEventListener("mousemove", event => { a.title = mapSays(event, row); });
	map.rows.set(key, row);
	return row;
}

// The cell under the pointer, if it is on the bar.
function mapCell(event, row) {
	const box = row.canvas.getBoundingClientRect(), x = event.clientX - box.left;
	if (!(x >= 0 && x < box.width) || event.target !== row.canvas) return null;
	const i = Math.floor(x / box.width * row.series.bar.length), cell = (map.data.to - map.data.from) / row.series.bar.length;
	return { kind: row.series.bar[i], from: map.data.from + i * cell, to: map.data.from + (i + 1) * cell };
}

function mapSays(event, row) {
	const s = row.series, cell = mapCell(event, row);
	if (cell) return `${s.symbol} ${s.interval}: ${KINDS[cell.kind].name}\n${when(cell.from)} .. ${when(cell.to)}`;
	return `${s.symbol} ${s.interval}${s.note ? ": " + s.note : ""}`;
}

// A click on the bar shows that time; on the name, the newest candles.
function mapClicked(event, row) {
	const cell = mapCell(event, row), s = row.series;
	if (!cell || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	event.preventDefault();
	const length = LENGTH_MS[s.interval], least = 120 * length, middle = (cell.from + cell.to) / 2;
	const half = Math.max(least, cell.to - cell.from) / 2;
	const from = Math.floor((middle - half) / length) * length, to = Math.ceil((middle + half) / length) * length;
	go({ symbol: s.symbol, interval: s.interval, from, to });
}

function mapAxis() {
	const canvas = document.querySelector("#axis canvas"), { ctx, w, h } = sized(canvas), { from, to } = map.data;
	const step = tickStep(to - from, w / 65);
	ctx.fillStyle = colours.soft;
	ctx.font = "11px system-ui, 'DejaVu Sans', sans-serif";
	ctx.textAlign = "center";
	for (let at = Math.ceil(from / step) * step; at < to; at += step) {
		const x = (at - from) / (to - from) * w;
		if (x > 16 && x < w - 16) ctx.fillText(tick(at, step), x, h - 6);
		ctx.fillRect(x, h - 3, 1, 3);
	}
}

function mapFill(row, series) {
	const s = series, current = state.symbol === s.symbol && state.interval === s.interval;
	row.series = s;
	row.missing.textContent = s.missing ? count(s.missing) : s.note || "\u2713";
	row.missing.title = s.missing ? `${intervals(s.missing)} missing in ${count(s.gaps)} gap${s.gaps === 1 ? "" : "s"}` : s.note || "complete";
	row.missing.className = s.missing ? "n bad" : "n";
	row.age.textContent = s.newest === null ? "\u2013" : age(map.data.to - s.newest);
	row.a.href = writeState({ ...state, symbol: s.symbol, interval: s.interval, from: null, to: null });
	row.a.setAttribute("aria-current", String(current));
	row.a.setAttribute("aria-label", `${s.symbol} ${s.interval}: ${s.missing ? intervals(s.missing) + " missing" : "complete"}`);
	if (row.bar !== s.bar || row.width !== row.canvas.clientWidth) {
		paintBar(row.canvas, s.bar);
		row.bar = s.bar;
		row.width = row.canvas.clientWidth;
	}
}

function mapShow() {
	if (!map.data) return;
	const shown = map.data.series.filter(s => matches(s, state.filter)), box = document.getElementById("rows");
	const rows = shown.map(mapRow);
	if (rows.length !== box.children.length || rows.some((row, i) => box.children[i] !== row.a))
		box.replaceChildren(...rows.map(row => row.a));
	rows.forEach((row, i) => mapFill(row, shown[i]));
	mapAxis();
	const hidden = map.data.series.length - shown.length, more = [];
	if (!map.data.series.length) more.push("Nothing is wanted yet: a producer says what, when it starts.");
	if (hidden) more.push(`${hidden} more do not match the filter.`);
	if (map.data.left_out) more.push(`${count(map.data.left_out)} more series, with less trouble, are not shown.`);
	document.getElementById("more").textContent = more.join(" ");
}

async function mapAsk() {
	const cells = Math.min(400, Math.max(60, Math.round(document.getElementById("rows").clientWidth / 3)));
	map.data = await ask(`api/coverage?span=${state.span}&cells=${cells}`);
	mapShow();
}

function mapRepaint() {
	for (const row of map.rows.values()) row.bar = null;
	mapShow();
}
