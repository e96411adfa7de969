// SPDX-License-Identifier: Apache-2.0
document.documentElement.classList.add("js");
const part = (id) => document.getElementById(id);
const files = { golden: [], test: [] };
let newest = 0;

const show = (name, url) => {
  part(`${name}-shown`).hidden = !url;
  if (url) part(`${name}-shown`).src = url;
};

const asUrl = (file) =>
  new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => done("");
    reader.readAsDataURL(file);
  });

const tell = (kind, headline, sentence) => {
  part("verdict").className = `verdict ${kind}`;
  part("verdict-title").textContent = headline;
  part("sentence").textContent = sentence;
  warn([]);
};

const warn = (texts) => {
  const list = part("warnings");
  list.replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  list.hidden = !texts.length;
};

const take = async (name, chosen) => {
  files[name] = [...chosen];
  if (!files[name].length) return;
  show("overlay", "");
  part("facts").hidden = true;
  show(name, await asUrl(files[name][0]));
  part(`${name}-shown`).alt = files[name][0].name;
  if (files.golden.length && files.test.length) await inspect();
};

const inspect = async () => {
  const number = ++newest;
  const form = new FormData();
  for (const [name, chosen] of Object.entries(files)) chosen.forEach((file) => form.append(name, file));
  form.append("overlay", "true");
  const token = part("token")?.value;
  tell("unknown busy", "Judging …", "");
  const begun = performance.now();
  try {
    const answer = await fetch("inspect", {
      method: "POST",
      body: form,
      headers: token ? { Authorization: `Bearer ${token}` } : {},
    });
    const text = await answer.text();
    if (number !== newest) return;
    if (!answer.ok) refused(text);
    else judged(JSON.parse(text), performance.now() - begun);
  } catch {
    if (number === newest) tell("unknown", "No answer", "The server can't be reached.");
  }
};

const refused = (text) => {
  let error = { message: text.trim(), where: "", remedy: "" };
  try {
    error = JSON.parse(text).error;
  } catch {
    // a proxy, or a missing token, answers in plain text
  }
  const place = error.where ? `${error.where}: ` : "";
  tell("unknown", "Not judged", `${place}${error.message}. ${error.remedy}`);
};

const judged = (found, milliseconds) => {
  const passed = found.verdict === "PASS";
  const count = found.regions.length;
  const places = count ? ` Evidence in ${count} ${count === 1 ? "place" : "places"}.` : "";
  const side = found.score > found.threshold ? "above" : "not above";
  tell(passed ? "met" : "missed", found.verdict, `The score is ${side} the threshold of ${found.model}.${places}`);
  part("score").textContent = found.score.toPrecision(4);
  part("threshold").textContent = found.threshold.toPrecision(4);
  part("time").textContent = `${Math.round(milliseconds)} ms`;
  warn(found.warnings);
  part("facts").hidden = false;
  show("overlay", found.overlay);
  part("overlay-hint").textContent = "This model can't tell where it sees a difference";
};

for (const name of ["golden", "test"]) {
  part(name).addEventListener("change", (event) => take(name, event.target.files));
  const well = part(`${name}-well`);
  for (const kind of ["dragenter", "dragover"]) {
    well.addEventListener(kind, (event) => {
      event.preventDefault();
      well.classList.add("over");
    });
  }
  well.addEventListener("dragleave", () => well.classList.remove("over"));
  well.addEventListener("drop", (event) => {
    event.preventDefault();
    well.classList.remove("over");
    part(name).files = event.dataTransfer.files;
    take(name, event.dataTransfer.files);
  });
}
part("form").addEventListener("submit", (event) => event.preventDefault());
