// SPDX-License-Identifier: Apache-2.0
// One pair, large: all views side by side or one filling the window, golden and test blinking in the same place.
const dialog = document.getElementById("zoom");
const stage = dialog.querySelector(".stage");
const choices = dialog.querySelector(".choices");
const lightChoice = dialog.querySelector(".choose-light select");
const blinkButton = dialog.querySelector("[data-do=blink]");
const VIEWS = ["golden", "test", "prediction", "difference", "evidence"];
const BLINK_MS = 500;
let open = null;
let view = "all";
let blinking = 0;

const visible = () => cards.filter((pair) => !pair.card.hidden && pair.card.querySelector(".views")).map((pair) => pair.card);
const shotsOf = (card) => Array.from(card.querySelectorAll(".shot"));
const viewsOf = (card) => ["all", ...VIEWS.filter((name) => shotsOf(card).some((shot) => shot.dataset.view === name))];
const lightsOf = (card) => [...new Set(shotsOf(card).map((shot) => shot.dataset.light))].filter((name) => name !== "");

const inView = (shot, name) => {
  if (name !== "all" && shot.dataset.view !== name) return false;
  return shot.dataset.light === "" || lightChoice.value === "" || shot.dataset.light === lightChoice.value;
};

const single = (shot) => {
  const copy = shot.cloneNode(true);
  copy.querySelector(".boxes")?.setAttribute("preserveAspectRatio", "xMidYMid meet");
  return copy;
};

const showView = () => {
  const shots = shotsOf(open).filter((shot) => inView(shot, view));
  stage.classList.toggle("one", view !== "all");
  stage.replaceChildren(...(view === "all" ? shots.map((shot) => shot.cloneNode(true)) : shots.slice(0, 1).map(single)));
  for (const button of choices.children) button.setAttribute("aria-pressed", String(button.dataset.view === view));
};

const stopBlinking = () => {
  clearInterval(blinking);
  blinking = 0;
  blinkButton.setAttribute("aria-pressed", "false");
};

const choose = (name) => {
  stopBlinking();
  view = name;
  showView();
};

const blink = () => {
  if (blinking) return choose(view);
  const swap = () => {
    view = view === "golden" ? "test" : "golden";
    showView();
  };
  blinkButton.setAttribute("aria-pressed", "true");
  blinking = setInterval(swap, BLINK_MS);
  return swap();
};

const viewButton = (name) => {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.view = name;
  button.textContent = name === "all" ? "All" : name[0].toUpperCase() + name.slice(1);
  button.addEventListener("click", () => choose(name));
  return button;
};

const show = (card) => {
  open = card;
  const before = lightChoice.value;
  const lights = lightsOf(card);
  lightChoice.parentElement.hidden = lights.length < 2;
  lightChoice.replaceChildren(...lights.map((name) => new Option(name, name)));
  lightChoice.value = lights.includes(before) ? before : (lights[0] ?? "");
  const names = viewsOf(card);
  choices.replaceChildren(...names.map(viewButton));
  const place = visible();
  const badge = card.querySelector(".badge").textContent;
  const title = card.querySelector(".title").textContent;
  const score = card.querySelector(".score").textContent;
  dialog.querySelector("h2").textContent =
    `${badge}: ${[card.dataset.kind, title].filter(Boolean).join(" ")}, ${score} (${place.indexOf(card) + 1} of ${place.length})`;
  choose(names.includes(view) ? view : "all");
};

const step = (by) => {
  const place = visible();
  show(place[(place.indexOf(open) + by + place.length) % place.length]);
};

const stepView = (by) => {
  const names = viewsOf(open);
  choose(names[(names.indexOf(view) + by + names.length) % names.length]);
};

const keys = {
  ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowDown: () => stepView(1), ArrowUp: () => stepView(-1), b: blink, B: blink,
};
dialog.addEventListener("keydown", (event) => {
  if (!(event.key in keys) || event.target === lightChoice || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
});
dialog.addEventListener("close", () => {
  stopBlinking();
  open?.querySelector(".views")?.focus();
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.querySelector("[data-do=close]").addEventListener("click", () => dialog.close());
dialog.querySelector("[data-do=previous]").addEventListener("click", () => step(-1));
dialog.querySelector("[data-do=next]").addEventListener("click", () => step(1));
blinkButton.addEventListener("click", blink);
lightChoice.addEventListener("change", () => choose(view));
document.querySelector(".cards")?.addEventListener("click", (event) => {
  const button = event.target.closest(".views");
  if (!button) return;
  const shot = event.target.closest(".shot");
  if (shot?.dataset.light) lightChoice.replaceChildren(new Option(shot.dataset.light, shot.dataset.light));
  view = "all";
  show(button.closest(".card"));
  dialog.showModal();
});
