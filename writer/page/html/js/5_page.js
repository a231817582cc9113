// What happens when: the state in the address, what is asked for how often, and what is said when an answer fails.

let state = readState(location.hash);
let busy = false, again = false;

class Refused extends Error {}

async function ask(path) {
	let reply, body;
	try {
		reply = await fetch(path);
		body = await reply.json();
	} catch {
		throw new Refused("The writer does not answer. What is shown is what it said last.");
	}
	if (!reply.ok) throw new Refused(body.error);
	return body;
}

function go(change) {
	location.hash = writeState({ ...state, ...change });
}

function trouble(sentence) {
	const box = document.getElementById("trouble");
	box.hidden = !sentence;
	if (box.textContent !== (sentence || "")) box.textContent = sentence || "";
}

// ---- on top: how fresh everything is

let last = null; // what was stored when we looked before

function tile(name, value, small, bad) {
	const box = document.createElement("div"), dt = document.createElement("dt"), dd = document.createElement("dd");
	dt.textContent = name;
	dd.textContent = value + " ";
	dd.className = bad ? "bad" : "";
	if (small) { const s = document.createElement("small"); s.textContent = small; dd.append(s); }
	box.append(dt, dd);
	return box;
}

async function writerTiles() {
	const reply = await fetch("metrics"), all = readMetrics(await reply.text()), ready = await (await fetch("readyz")).text();
	const sum = name => all[name] ? all[name].sum : 0, now = performance.now(), stored = sum("gapless_writer_candles_total");
	const rate = last && now > last.at ? (stored - last.stored) / (now - last.at) * 1000 : null;
	last = { at: now, stored };
	const tiles = [];
	const lag = all.gapless_writer_lag_seconds ? all.gapless_writer_lag_seconds.max : 0;
	tiles.push(tile("Lag", lag < 1 ? "none" : age(lag * 1000), `${count(sum("gapless_writer_lag_messages"))} messages`, lag > 60));
	if (rate !== null) tiles.push(tile("Stored", `${count(Math.round(rate))} /s`, `${sum("gapless_writer_partitions_assigned")} partitions here`));
	if (ready.trim() !== "ok") tiles.push(tile("This writer", ready.trim(), "", true));
	return tiles;
}

function coverageTiles() {
	const { series, missing, gaps, unobtainable, left_out, to } = map.data;
	const newest = Math.max(...series.map(s => s.newest === null ? -Infinity : s.newest));
	const behind = series.reduce((worst, s) => {
		const late = s.lag_ms - LENGTH_MS[s.interval];
		return late > worst.late ? { late, name: `${s.symbol} ${s.interval}` } : worst;
	}, { late: -Infinity, name: "" });
	const tiles = [tile("Series", count(series.length + left_out)),
		missing ? tile("Missing", count(missing), `intervals in ${count(gaps)} gap${gaps === 1 ? "" : "s"}`, true) : tile("Missing", "nothing")];
	if (unobtainable) tiles.push(tile("Not available", count(unobtainable), "intervals"));
	if (Number.isFinite(newest)) tiles.push(tile("Newest candle", age(to - newest), "old"));
	if (series.length) tiles.push(tile("Farthest behind", age(behind.late), behind.name));
	return tiles;
}

async function tilesShow() {
	const tiles = coverageTiles();
	try {
		tiles.push(...await writerTiles());
	} catch { /* ask() of the map has said it */ }
	document.getElementById("tiles").replaceChildren(...tiles);
}

// ---- what is shown

function controlsShow() {
	const open = Boolean(state.symbol && state.interval);
	document.getElementById("chart").hidden = !open;
	const span = document.getElementById("span"), filter = document.getElementById("filter");
	if (![...span.options].some(o => o.value === String(state.span))) span.append(new Option(age(state.span * 1000), String(state.span)));
	span.value = String(state.span);
	if (document.activeElement !== filter) filter.value = state.filter;
	document.title = open ? `${state.symbol} ${state.interval} \u00b7 Gapless` : "Gapless";
	return open;
}

// One look at a time; one that is wanted meanwhile comes next.
async function look() {
	again = busy;
	if (busy) return;
	busy = true;
	try {
		const open = controlsShow();
		await mapAsk();
		if (open) await chartAsk();
		await tilesShow();
		trouble(null);
	} catch (error) {
		if (!(error instanceof Refused)) throw error;
		trouble(error.message);
	} finally {
		busy = false;
		document.body.dataset.looked = String(Number(document.body.dataset.looked || 0) + 1);
		if (again) look();
	}
}

function repaint() {
	coloursRead();
	legendInto(document.getElementById("map-legend"), ["=", ".", "X", "u", " "]);
	mapRepaint();
	if (chart.data && !document.getElementById("chart").hidden) { chartDraw(); chartLegend(); }
}

function begin() {
	const axis = document.getElementById("axis");
	axis.append(document.createElement("span"), document.createElement("canvas"), document.createElement("span"), document.createElement("span"));
	axis.children[2].textContent = "missing";
	axis.children[3].textContent = "newest";
	repaint();
	const on = (id, what) => { document.getElementById(id).onclick = what; };
	on("earlier", () => chartMove(-0.5, 1));
	on("later", () => chartMove(0.5, 1));
	on("closer", () => chartMove(0, 0.5));
	on("farther", () => chartMove(0, 2));
	on("latest", () => go({ from: null, to: null }));
	on("close", () => go({ symbol: null, interval: null, from: null, to: null }));
	document.getElementById("span").onchange = event => go({ span: Number(event.target.value) });
	document.getElementById("filter").oninput = event => {
		state.filter = event.target.value;
		history.replaceState(null, "", writeState(state));
		mapShow();
	};
	window.addEventListener("hashchange", () => {
		const before = state;
		state = readState(location.hash);
		mapShow();
		look();
		if (state.symbol && (state.symbol !== before.symbol || state.interval !== before.interval)) window.scrollTo({ top: 0 });
	});
	window.addEventListener("resize", repaint);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
	document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
	setInterval(() => { if (!document.hidden) look(); }, 5000);
	look();
}

begin();
