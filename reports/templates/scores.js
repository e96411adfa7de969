// SPDX-License-Identifier: Apache-2.0
// The scores of all pairs, ascending and apart by class: every count at a threshold is one binary search.
document.documentElement.classList.add("js");
const data = JSON.parse(document.getElementById("data").textContent);

const unpack = (text) => {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes.buffer;
};

const scores = new Float64Array(unpack(data.scores));
const defect = new Uint8Array(unpack(data.defect));

// How many of the ascending values are above the threshold.
const above = (values, threshold) => {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] > threshold) high = middle;
    else low = middle + 1;
  }
  return values.length - low;
};

// One ascending list of scores per group, for one class; `of` names each pair's group.
const grouped = (of, rows, wanted) => {
  const ends = new Uint32Array(rows + 1);
  for (let i = 0; i < of.length; i++) if (defect[i] === wanted && of[i] < rows) ends[of[i] + 1]++;
  for (let row = 0; row < rows; row++) ends[row + 1] += ends[row];
  const values = new Float64Array(ends[rows]);
  const next = ends.slice();
  for (let i = 0; i < of.length; i++) if (defect[i] === wanted && of[i] < rows) values[next[of[i]]++] = scores[i];
  return Array.from({ length: rows }, (_, row) => values.subarray(ends[row], ends[row + 1]));
};

const everyone = new Uint16Array(scores.length);
const bad = grouped(everyone, 1, 1)[0];
const good = grouped(everyone, 1, 0)[0];

const countsAt = (threshold) => {
  const caught = above(bad, threshold);
  const alarms = above(good, threshold);
  return { caught, escapes: bad.length - caught, alarms, passed: good.length - alarms };
};

const ratio = (part, whole) => (whole ? part / whole : null);
// As in scoring/rounding.py: what is not quite 0 or all of it never reads so.
const plainly = (value, places, whole) => {
  for (let more = places; more < 8; more++) {
    const text = value.toFixed(more);
    if (value === 0 || value === whole || (Number(text) !== 0 && Number(text) !== whole)) return text;
  }
  return value.toFixed(places);
};
const asRate = (value) => (value === null ? "–" : `${plainly(100 * value, 2, 100)}%`);
const asCount = (value) => value.toLocaleString("en-US");
const asNumber = (value) => String(Number(value.toPrecision(6)));
