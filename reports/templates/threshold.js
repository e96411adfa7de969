// SPDX-License-Identifier: Apache-2.0
// The threshold: slider, number and everything that follows from it.
const { kind: axisKind, low: axisLow, high: axisHigh } = data.axis;

const placeOf = (score) => {
  const chance = Math.min(1, Math.max(0, score)); // a threshold that was typed may lie beyond all probabilities
  const value = axisKind === "logodds" ? Math.log10(chance) - Math.log10(1 - chance) : score;
  return Math.min(1, Math.max(0, (value - axisLow) / (axisHigh - axisLow)));
};

const scoreAt = (place) => {
  const value = axisLow + place * (axisHigh - axisLow);
  return axisKind === "logodds" ? 1 / (1 + 10 ** -value) : value;
};

const tables = Object.entries(data.tables).map(([key, table]) => {
  const of = new Uint16Array(unpack(table.of));
  const rows = document.querySelectorAll(`table[data-table="${CSS.escape(key)}"] tbody tr`);
  const lists = [grouped(of, table.rows, 1), grouped(of, table.rows, 0)];
  return Array.from(rows, (row, i) => {
    const cells = {};
    for (const cell of row.querySelectorAll("[data-cell]")) cells[cell.dataset.cell] = cell;
    return { cells, bad: lists[0][i], good: lists[1][i], interval: cells.interval?.textContent };
  });
});

const slide = document.getElementById("slide");
const exact = document.getElementById("exact");
const followers = [];
let threshold = data.threshold;

const put = (name, text) => {
  for (const place of document.querySelectorAll(`[data-live="${name}"]`)) place.textContent = text;
};

const showCounts = () => {
  const { caught, escapes, alarms, passed } = countsAt(threshold);
  put("caught", asCount(caught));
  put("escapes", asCount(escapes));
  put("alarms", asCount(alarms));
  put("passed", asCount(passed));
  put("recall", asRate(ratio(caught, bad.length)));
  put("alarm-rate", asRate(ratio(alarms, good.length)));
  put("precision", asRate(ratio(caught, caught + alarms)));
  put("f1", asRate(bad.length ? ratio(2 * caught, 2 * caught + alarms + escapes) : null));
};

const showTables = () => {
  const own = threshold === data.threshold;
  for (const row of tables.flat()) {
    const caught = above(row.bad, threshold);
    const alarms = above(row.good, threshold);
    row.cells.escapes.textContent = asCount(row.bad.length - caught);
    row.cells.recall.textContent = asRate(ratio(caught, row.bad.length));
    if (row.cells.interval) row.cells.interval.textContent = own ? row.interval : "";
    if (row.cells.alarms) {
      row.cells.alarms.textContent = asCount(alarms);
      row.cells["alarm-rate"].textContent = asRate(ratio(alarms, row.good.length));
    }
  }
};

const showLine = () => {
  const x = 360 * placeOf(threshold);
  for (const [name, at] of [["x1", x], ["x2", x]]) document.querySelector(".cut").setAttribute(name, at);
  const area = document.querySelector(".flagged-area");
  area.setAttribute("x", x);
  area.setAttribute("width", 360 - x);
};

const showDots = () => {
  const { caught, alarms } = countsAt(threshold);
  const rates = { alarms: ratio(alarms, good.length), precision: ratio(caught, caught + alarms) };
  for (const plot of document.querySelectorAll("svg[data-plot]")) {
    const dot = plot.querySelector(".here");
    const [lowX, lowY] = [Number(plot.dataset.lowX), Number(plot.dataset.lowY)];
    const [x, y] = [caught / bad.length, rates[plot.dataset.plot]];
    const outside = y === null || x < lowX || (plot.dataset.log === "0" && y < lowY);
    dot.setAttribute("visibility", outside ? "hidden" : "visible");
    if (outside) continue;
    const up = plot.dataset.log === "1" ? 1 - Math.max(y > 0 ? Math.log10(y) : lowY, lowY) / lowY : (y - lowY) / (1 - lowY);
    dot.setAttribute("cx", (300 * (x - lowX)) / (1 - lowX));
    dot.setAttribute("cy", 190 * (1 - up));
  }
};

// Said once the hand rests, so that a screen reader is not flooded.
let rest = 0;
const say = () => {
  const { escapes, alarms } = countsAt(threshold);
  const counts = data.labelled
    ? `${asCount(escapes)} escapes, ${asCount(alarms)} false alarms`
    : `${asCount(alarms)} flagged`;
  slide.setAttribute("aria-valuetext", `${asNumber(threshold)}: ${counts}`);
  clearTimeout(rest);
  const moved = threshold === data.threshold ? "" : `At threshold ${asNumber(threshold)}: ${counts}.`;
  rest = setTimeout(() => { document.getElementById("moved").textContent = moved; }, 300);
};

const draw = () => {
  waiting = false;
  showCounts();
  showTables();
  showLine();
  showDots();
  say();
  for (const follow of followers) follow();
};

let waiting = false;
const setThreshold = (value, from) => {
  threshold = value;
  if (from !== slide) slide.value = String(Math.round(1000 * placeOf(value)));
  if (from !== exact) exact.value = asNumber(value);
  if (!waiting) requestAnimationFrame(draw);
  waiting = true;
};

if (slide) {
  slide.addEventListener("input", () => setThreshold(scoreAt(Number(slide.value) / 1000), slide));
  exact.addEventListener("input", () => {
    if (exact.value !== "" && Number.isFinite(exact.valueAsNumber)) setThreshold(exact.valueAsNumber, exact);
  });
  document.getElementById("reset").addEventListener("click", () => setThreshold(data.threshold));
}
