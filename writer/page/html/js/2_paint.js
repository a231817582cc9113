// Colours and patterns. What a state means never depends on its colour alone: a gap is taller than anything else and crossed, no
// trades is a thin line, what is not available is hatched.

let colours = {};

function coloursRead() {
	const style = getComputedStyle(document.documentElement);
	for (const name of ["ground", "card", "ink", "soft", "line", "full", "quiet", "gap", "refused", "up", "down", "provisional"])
		colours[name] = style.getPropertyValue("--" + name).trim();
}

function sized(canvas) {
	const ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
	canvas.width = Math.round(w * ratio);
	canvas.height = Math.round(h * ratio);
	const ctx = canvas.getContext("2d");
	ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
	return { ctx, w, h };
}

function hatch(ctx, x, y, w, h, colour, distance) {
	ctx.save();
	ctx.beginPath();
	ctx.rect(x, y, w, h);
	ctx.clip();
	ctx.strokeStyle = colour;
	ctx.lineWidth = 1.2;
	ctx.beginPath();
	for (let i = x - h; i < x + w + h; i += distance) {
		ctx.moveTo(i, y + h);
		ctx.lineTo(i + h, y);
	}
	ctx.stroke();
	ctx.restore();
}

// A run of cells of one state, in a strip of height h.
function paintRun(ctx, cell, x, w, h) {
	const kind = KINDS[cell] ? KINDS[cell].paint : "none";
	if (kind === "full") {
		ctx.fillStyle = colours.full;
		ctx.fillRect(x, h * 0.22, w, h * 0.56);
	} else if (kind === "quiet") {
		ctx.fillStyle = colours.quiet;
		ctx.fillRect(x, h * 0.42, w, h * 0.16);
	} else if (kind === "refused") {
		hatch(ctx, x, h * 0.22, w, h * 0.56, colours.refused, 4);
		ctx.strokeStyle = colours.refused;
		ctx.strokeRect(x + 0.5, h * 0.22 + 0.5, Math.max(w - 1, 0.5), h * 0.56 - 1);
	} else if (kind === "gap") {
		const wide = Math.max(w, 2); // nothing is too small to be seen
		ctx.fillStyle = colours.gap;
		ctx.fillRect(x - (wide - w) / 2, 0, wide, h);
		if (w >= 7) hatch(ctx, x, 0, w, h, colours.card, 6);
	}
}

function paintBar(canvas, bar) {
	const { ctx, w, h } = sized(canvas), cell = w / bar.length, gaps = [];
	for (let i = 0; i < bar.length;) {
		let end = i + 1;
		while (end < bar.length && bar[end] === bar[i]) end++;
		if (bar[i] === "X") gaps.push([i, end]);
		else paintRun(ctx, bar[i], i * cell, (end - i) * cell, h);
		i = end;
	}
	for (const [i, end] of gaps) paintRun(ctx, "X", i * cell, (end - i) * cell, h);
}

function legendInto(element, cells) {
	element.replaceChildren(...cells.map(cell => {
		const item = document.createElement("span"), canvas = document.createElement("canvas");
		canvas.style.width = "26px";
		canvas.style.height = "16px";
		item.append(canvas, KINDS[cell].name);
		return item;
	}));
	element.querySelectorAll("canvas").forEach((canvas, i) => {
		const { ctx, w, h } = sized(canvas);
		paintRun(ctx, cells[i], 1, w - 2, h);
		if (cells[i] === " ") {
			ctx.strokeStyle = colours.line;
			ctx.strokeRect(0.5, 3.5, w - 1, h - 7);
		}
	});
}
