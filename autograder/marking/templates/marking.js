"use strict";
const formToken = document.body.dataset.formToken;
const answers = [...document.querySelectorAll(".answer")];

const field = (card, name) => card.querySelector(`[name=${name}]`);
const current = () => document.activeElement?.closest(".answer");

function go(card) {
  if (!card) return;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const at = answers.indexOf(current());
  go(answers[at < 0 ? 0 : Math.min(Math.max(at + by, 0), answers.length - 1)]);
}

function nextUngraded() {
  const at = answers.indexOf(current());
  const after = [...answers.slice(at + 1), ...answers.slice(0, Math.max(at, 0))];
  const next = after.find((card) => !("graded" in card.dataset));
  if (next) go(next);
}

async function save(card, then) {
  const button = card.querySelector("button");
  const said = card.querySelector(".said");
  button.disabled = true;
  said.textContent = "";
  try {
    const response = await fetch(location.pathname, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": formToken },
      body: JSON.stringify({
        answer: card.dataset.answer,
        points: field(card, "points").value,
        comment: field(card, "comment").value,
        seen: card.dataset.seen,
      }),
    });
    const now = response.status === 403 ? { problem: await response.text() } : await response.json();
    if (response.ok) delete card.dataset.unsaved;
    if ("seen" in now) stands(card, now, response.ok);
    if (now.problem) {
      said.textContent = now.problem;
      field(card, "points").focus();
    } else if (then) then();
  } catch {
    said.textContent = "Not saved: autograder written is no longer running. Start it again, and open its new address.";
  } finally {
    button.disabled = false;
  }
}

function stands(card, now, saved) {
  card.dataset.seen = now.seen;
  if (now.graded) card.dataset.graded = "";
  else delete card.dataset.graded;
  if (saved) field(card, "points").value = now.points;
  const state = card.querySelector(".state");
  state.textContent = now.state;
  state.classList.toggle("good", now.graded);
  state.classList.toggle("part", !now.graded);
  const graded = answers.filter((one) => "graded" in one.dataset).length;
  for (const place of document.querySelectorAll(".graded")) place.textContent = graded;
  document.getElementById("progress").value = graded;
}

for (const card of answers) {
  card.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    save(card, () => go(card));
  });
  card.addEventListener("input", () => { card.dataset.unsaved = ""; });
}

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("[data-unsaved]")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const card = current();
  const writes = event.target.matches("input, textarea");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && card) {
    event.preventDefault();
    save(card, nextUngraded);
  } else if (event.key === "Escape" && writes) {
    go(card);
  } else if (writes || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("button, a, summary")) {
    return;
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "n") {
    nextUngraded();
  } else if (!card) {
    return;
  } else if (/^[0-9]$/.test(event.key)) {
    field(card, "points").value = event.key;
    save(card, () => go(card));
  } else if (event.key === ".") {
    field(card, "points").value = Number(field(card, "points").value.replace(",", ".")) + 0.5;
    save(card, () => go(card));
  } else if (event.key === "u") {
    field(card, "points").value = "";
    save(card, () => go(card));
  } else if (event.key === "c") {
    event.preventDefault();
    field(card, "comment").focus();
  }
});

if (!location.hash) nextUngraded();
