"use strict";
// The review of matches by keyboard and in bulk. Moving with j and k and pressing what is marked with data-key by a
// letter is in app.js; without any of this the page works by its links and buttons.

/* Keys: digits answer, r and Space show, arrows move, u undoes --------------- */

const MOVES = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const isControl = (target) => target instanceof Element && target.matches("button, summary, input, select, textarea");

function showPicture() {
  const within = document.querySelector("[data-row].at") ?? (document.querySelector("[data-queue]") ? null : document);
  const button = within?.querySelector("[data-reveal]");
  button?.click();
  return Boolean(button);
}

function undoNewest() {
  const buttons = document.querySelectorAll(".toast form button");
  buttons[buttons.length - 1]?.click();
  return buttons.length > 0;
}

/** The filters may be folded away. */
function findSite() {
  document.querySelector(".review-filters")?.setAttribute("open", "");
  document.querySelector("[data-key-search]")?.focus();
}

function reviewKey(event) {
  if (event.key === "/" && !isTyping(event.target) && !document.querySelector("dialog[open]")) findSite();
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const queue = event.target instanceof Element ? event.target.closest("[data-queue]") : null;
  let done = false;
  if (isTyping(event.target) && event.target.type !== "checkbox") return;
  if (/^[1-4]$/.test(event.key)) done = pressKey(event.key);
  else if (event.key === "r" || (event.key === " " && !isControl(event.target))) done = showPicture();
  else if (event.key === "u") done = undoNewest();
  else if (event.key in MOVES && queue) done = moveInQueue(queue, MOVES[event.key]) ?? true;
  if (done) event.preventDefault();
}

document.addEventListener("keydown", reviewKey);

/* An answered card is another element: whoever was at it stays there ---------- */

let cardAt = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  cardAt = event.detail.target.matches("[data-row].at") ? event.detail.target.id : "";
});
document.addEventListener("htmx:afterSettle", () => {
  const card = cardAt && document.getElementById(cardAt);
  if (!card) return;
  card.classList.add("at");
  if (!card.contains(document.activeElement)) card.querySelector("[data-row-link], [data-key=u]")?.focus();
});

/* Selecting ------------------------------------------------------------------ */

function showPicks() {
  const bulk = document.querySelector("[data-review-bulk]");
  if (!bulk) return;
  const boxes = [...document.querySelectorAll("[data-pick]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const all = bulk.querySelector("[data-scope-all]");
  const number = all?.checked ? Number(all.dataset.total) : chosen;
  const page = bulk.querySelector("[data-pick-all]");
  page.checked = boxes.length > 0 && chosen === boxes.length;
  page.indeterminate = chosen > 0 && chosen < boxes.length;
  bulk.classList.toggle("picking", number > 0);
  bulk.querySelector("[data-bulk-acts]").hidden = number === 0;
  bulk.querySelectorAll("[data-bulk-number]").forEach((place) => { place.textContent = String(number); });
  bulk.querySelector("[data-bulk-said]").textContent = number ? `${number} selected` : "";
}

on("change", "[data-pick], [data-scope-all]", showPicks);
on("change", "[data-pick-all]", (page) => {
  document.querySelectorAll("[data-pick]").forEach((box) => { box.checked = page.checked; });
  showPicks();
});
document.addEventListener("htmx:afterSettle", showPicks);
window.addEventListener("pageshow", showPicks);
showPicks();
