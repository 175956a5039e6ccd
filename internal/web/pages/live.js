"use strict";
// The live page: takes what the stream sends, and draws it. Everything comes from
// the run's own files; see package web.
const $ = (id) => document.getElementById(id);
const points = [], notes = [];
let state = { bands: [] };

const stream = new EventSource(document.body.dataset.stream);
stream.onmessage = (e) => take(JSON.parse(e.data), false);
stream.addEventListener("end", (e) => { stream.close(); take(JSON.parse(e.data), true); });
stream.onerror = () => {
  if (stream.readyState === EventSource.CLOSED) {
    $("stage").textContent = "the server refused the connection: too many pages follow runs; close one and reload";
    return;
  }
  if (stream.readyState === EventSource.CONNECTING) {
    // After a reconnection the stream starts from the beginning.
    stream.onopen = () => { points.length = 0; notes.length = 0; $("notes").replaceChildren(); };
    $("stage").textContent = "the server does not answer; retrying";
  }
};

function take(m, over) {
  state = m.state;
  for (const p of m.points) points[p.t] = p;
  for (const n of m.notes) {
    notes.push(n);
    const li = document.createElement("li"), time = document.createElement("time"), text = document.createElement("span");
    time.textContent = clock(n.t);
    text.textContent = n.text;
    li.append(time, text);
    $("notes").prepend(li);
  }
  show(over);
}

function show(over) {
  $("name").textContent = state.scenario || state.id;
  const inForce = state.bands.filter((b) => !b.to).map((b) => b.name);
  $("stage").textContent = state.lost || (state.verdict ? state.verdict : state.stage);
  $("stage").className = "badge " + (state.verdict || "");
  $("force").textContent = !over && inForce.length ? "active: " + inForce.join(", ") : "";
  const share = state.total ? Math.min(1, state.elapsed / state.total) : 0;
  $("bar").style.width = 100 * share + "%";
  $("bar").parentElement.setAttribute("aria-valuenow", Math.round(100 * share));
  $("clock").textContent = state.total ? clock(state.elapsed) + " of " + clock(state.total) : "";
  $("reasons").replaceChildren(...(state.reasons || []).map((r) => Object.assign(document.createElement("li"), { textContent: r })));
  const last = points[points.length - 1];
  let due = 0, ok = 0;
  for (const p of points) if (p) { due += p.due; ok += p.ok; }
  if (last) {
    $("ok").textContent = last.ok.toLocaleString("en");
    $("p99").textContent = milliseconds(last.p99);
    $("failed").textContent = (due - ok).toLocaleString("en");
    $("share").textContent = due ? percent(ok / due) : "–";
    $("down").textContent = last.down ? last.down.join(", ") : "none";
  }
  if (over && state.verdict) {
    const a = Object.assign(document.createElement("a"), { href: "./", textContent: "report" });
    $("report").replaceChildren(a);
  }
  draw();
}

function clock(s) {
  const sign = s < 0 ? "−" : "", v = Math.floor(Math.abs(s));
  return sign + Math.floor(v / 60) + ":" + String(v % 60).padStart(2, "0");
}

// percent rounds a share down: a share of less than 0.001 % is not nothing.
function percent(share) {
  return share > 0 && share < 1e-5 ? "< 0.001 %" : Math.floor(1e5 * share) / 1e3 + " %";
}

function milliseconds(v) {
  if (!v) return "–";
  return v < 10 ? v.toFixed(2) + " ms" : v < 1000 ? v.toFixed(0) + " ms" : (v / 1000).toFixed(2) + " s";
}

// A long run has more seconds than the page has columns: each column shows the
// worst of its seconds.
function columns() {
  const width = Math.max(1, Math.ceil(points.length / 450)), list = [];
  for (let i = 0; i < points.length; i += width) {
    const part = points.slice(i, i + width).filter(Boolean);
    if (!part.length) continue;
    const mean = (f) => part.reduce((s, p) => s + f(p), 0) / part.length, most = (f) => Math.max(...part.map(f));
    list.push({ t: i + width / 2, ok: mean((p) => p.ok), due: mean((p) => p.due), failed: mean((p) => p.failed),
      p50: most((p) => p.p50), p99: most((p) => p.p99), p999: most((p) => p.p999), down: part.some((p) => p.down), from: i, to: i + width });
  }
  return list;
}

const left = 56, right = 990, top_ = 8, bottom = 196;

function draw() {
  const list = columns(), span = Math.max(state.total || 0, points.length, 10);
  const x = (t) => left + (right - left) * Math.min(1, Math.max(0, t / span));
  const bands = () => state.bands.map((b) => rect(x(b.from), x(b.to || points.length), "var(--band)"))
    .concat(list.filter((c) => c.down).map((c) => rect(x(c.from), x(c.to), "var(--down)")));
  const highest = Math.max(10, ...list.map((c) => Math.max(c.due, c.ok))) * 1.1;
  const y = (v) => bottom - (bottom - top_) * v / highest;
  fill($("throughput"), [...bands(), ...axisX(x, span), ...ticks(highest).map((v) => gridLine(y(v), v.toLocaleString("en"))),
    line(list, x, (c) => y(c.due), "var(--due)"), line(list, x, (c) => y(c.failed), "var(--bad)"), line(list, x, (c) => y(c.ok), "var(--ok)")]);
  const values = list.flatMap((c) => [c.p50, c.p999]).filter((v) => v > 0);
  const low = Math.floor(Math.log10(Math.min(1, ...values))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, ...values))));
  const ly = (v) => bottom - (bottom - top_) * (Math.log10(v) - low) / (high - low);
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const one = (f, color) => line(list.filter((c) => f(c) > 0), x, (c) => ly(f(c)), color);
  fill($("latency"), [...bands(), ...axisX(x, span), ...powers.map((p) => gridLine(ly(10 ** p), milliseconds(10 ** p))),
    one((c) => c.p999, "var(--p999)"), one((c) => c.p99, "var(--p99)"), one((c) => c.p50, "var(--p50)")]);
}

function ticks(highest) {
  const step = [1, 2, 5].flatMap((f) => Array.from({ length: 9 }, (_, e) => f * 10 ** e)).sort((a, b) => a - b).find((s) => highest / s <= 5);
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, i) => i * step);
}

function node(name, attributes, text) {
  const n = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) n.setAttribute(k, v);
  if (text) n.textContent = text;
  return n;
}
const rect = (from, to, color) => node("rect", { x: from, y: top_, width: Math.max(1, to - from), height: bottom - top_, style: "fill:" + color });
const gridLine = (at, label) => {
  const g = node("g", {});
  g.append(node("line", { x1: left, x2: right, y1: at, y2: at, style: "stroke:var(--grid)" }), node("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, label));
  return g;
};
function axisX(x, span) {
  const step = [5, 10, 30, 60, 120, 300, 600, 1800, 3600].find((s) => span / s <= 10) || 7200;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => node("text", { x: x(i * step), y: 214, "text-anchor": "middle" }, clock(i * step)));
}
function line(list, x, y, color) {
  const d = list.map((c, i) => (i ? "L" : "M") + x(c.t).toFixed(1) + " " + y(c).toFixed(1)).join("");
  return node("path", { d: d || "M0 0", style: "fill:none;stroke-width:1.8;stroke:" + color });
}
function fill(svg, nodes) { svg.replaceChildren(...nodes); }
