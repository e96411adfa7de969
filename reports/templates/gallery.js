// SPDX-License-Identifier: Apache-2.0
// The gallery follows the threshold: each pair says anew what it is, and the filters choose among them.
const NEAREST = 48;
const NAMES = {
  escape: "Escape", false_alarm: "False alarm", flagged: "Flagged", caught: "Caught", passed: "Passed", unscored: "No score",
};
const PLURALS = { escape: "escapes", false_alarm: "false alarms", flagged: "flagged pairs", mistakes: "mistakes" };

const cards = Array.from(document.querySelectorAll(".card"), (card) => ({
  card,
  badge: card.querySelector(".badge"),
  score: card.dataset.score === undefined ? null : Number(card.dataset.score),
  defect: card.dataset.defect === "1",
  kind: card.dataset.kind,
  is: card.dataset.sort,
  near: card.dataset.sort === "borderline",
}));
const kindChoice = document.getElementById("kind");

const verdictOf = (pair) => {
  if (pair.score === null) return "unscored";
  const flagged = pair.score > threshold;
  if (!data.labelled) return flagged ? "flagged" : "passed";
  if (pair.defect) return flagged ? "caught" : "escape";
  return flagged ? "false_alarm" : "passed";
};

const isMistake = (verdict) => verdict === "escape" || verdict === "false_alarm";

const judge = () => {
  const here = placeOf(threshold);
  const right = cards.filter((pair) => pair.score !== null && !isMistake(verdictOf(pair)));
  const far = (pair) => Math.abs(placeOf(pair.score) - here);
  right.sort((a, b) => far(a) - far(b));
  // Half of each class, as in reports/gallery.py: else a crowd of good pairs hides the weakest defect.
  const half = (defect) => right.filter((pair) => pair.defect === defect).slice(0, NEAREST / 2);
  const nearest = new Set([...new Set([...half(true), ...half(false), ...right])].slice(0, NEAREST));
  for (const pair of cards) {
    const is = verdictOf(pair);
    pair.near = nearest.has(pair);
    if (pair.is === is && pair.badge.textContent === NAMES[is]) continue;
    pair.is = is;
    pair.badge.className = `badge ${is}`;
    pair.badge.textContent = NAMES[is];
  }
};

const belongs = (pair, show) => {
  if (show === "all") return true;
  if (show === "borderline") return pair.near;
  if (show === "mistakes") return isMistake(pair.is);
  return pair.is === show;
};

const wholeCount = (show) => {
  const { escapes, alarms } = countsAt(threshold);
  return { escape: escapes, false_alarm: alarms, flagged: alarms, mistakes: escapes + alarms }[show];
};

const filter = () => {
  const show = document.querySelector("input[name=show]:checked").value;
  let shown = 0;
  for (const pair of cards) {
    const hidden = !belongs(pair, show) || (kindChoice !== null && kindChoice.value !== "" && pair.kind !== kindChoice.value);
    if (pair.card.hidden !== hidden) pair.card.hidden = hidden;
    if (!hidden) shown++;
  }
  for (const place of document.querySelectorAll("output[data-count]")) {
    place.textContent = asCount(cards.filter((pair) => belongs(pair, place.dataset.count)).length);
  }
  const whole = wholeCount(show);
  const all = whole === undefined ? "" : ` At this threshold the table has ${asCount(whole)} ${PLURALS[show]}.`;
  document.getElementById("shown").textContent = `${asCount(shown)} ${shown === 1 ? "pair" : "pairs"} shown.${all}`;
};

const followThreshold = () => {
  if (threshold !== null) judge();
  filter();
};

if (cards.length) {
  if (kindChoice) {
    for (const kind of [...new Set(cards.map((pair) => pair.kind))].sort()) kindChoice.append(new Option(kind, kind));
    kindChoice.addEventListener("change", filter);
  }
  for (const choice of document.querySelectorAll("input[name=show]")) choice.addEventListener("change", filter);
  document.getElementById("boxes")?.addEventListener("change", (event) => {
    document.body.classList.toggle("no-boxes", !event.target.checked);
  });
  if (threshold === null) document.querySelector("input[name=show][value=all]").checked = true;
  followers.push(followThreshold);
  followThreshold();
  for (const instead of ["borderline", "all"]) {
    if (cards.some((pair) => !pair.card.hidden)) break;
    document.querySelector(`input[name=show][value=${instead}]`).checked = true;
    filter();
  }
}
if (slide) setThreshold(data.threshold);
