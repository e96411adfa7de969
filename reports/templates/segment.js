// SPDX-License-Identifier: Apache-2.0
// The filters of the gallery; zoom.js takes the cards from here.
document.documentElement.classList.add("js");
const cards = Array.from(document.querySelectorAll(".card"), (card) => ({ card }));
const numberOf = (card, name) => Number(card.dataset[name]);
const belongs = ({ card }, show) => {
  if (show === "missed") return numberOf(card, "missed") > 0;
  if (show === "false") return numberOf(card, "false") > 0;
  if (show === "mistakes") return numberOf(card, "missed") + numberOf(card, "false") > 0;
  return show === "all" || numberOf(card, "regions") > 0;
};
const filter = () => {
  const show = document.querySelector("input[name=show]:checked").value;
  for (const pair of cards) pair.card.hidden = !belongs(pair, show);
  for (const place of document.querySelectorAll("output[data-count]")) {
    place.textContent = String(cards.filter((pair) => belongs(pair, place.dataset.count)).length);
  }
  const shown = cards.filter((pair) => !pair.card.hidden).length;
  document.getElementById("shown").textContent = `${shown} ${shown === 1 ? "pair" : "pairs"} shown.`;
  return shown;
};
if (cards.length) {
  for (const choice of document.querySelectorAll("input[name=show]")) choice.addEventListener("change", filter);
  document.getElementById("boxes").addEventListener("change", (event) => {
    document.body.classList.toggle("no-boxes", !event.target.checked);
  });
  if (!filter()) {
    document.querySelector("input[name=show][value=all]").checked = true;
    filter();
  }
}
