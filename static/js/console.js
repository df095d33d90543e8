"use strict";
// The staff console by keyboard and in bulk. Moving between rows and pressing what is marked with data-key is in app.js.

/* Telling what happened, to eyes and to screen readers ------------------- */

document.addEventListener("say", (event) => toast(event.detail.value, "good"));

/* Putting off: one dialog for every row --------------------------------- */

on("click", "[data-defer]", (button) => {
  const dialog = document.getElementById("defer");
  if (!dialog) return;
  dialog.querySelector("[data-defer-form]").action = button.dataset.defer;
  dialog.querySelector("[data-defer-name]").textContent = button.dataset.name;
  dialog.showModal();
  dialog.querySelector("[name=days]").focus();
});

/* Selecting rows --------------------------------------------------------- */

const picked = () => [...document.querySelectorAll("[data-select]:checked")];
const cases = (number) => `${number} case${number === 1 ? "" : "s"}`;

function showPicked() {
  const all = [...document.querySelectorAll("[data-select]")];
  const chosen = picked();
  const acts = document.querySelector("[data-bulk-acts]");
  if (!acts) return;
  acts.hidden = chosen.length === 0;
  document.querySelector("[data-bulk-count]").textContent = `${cases(chosen.length)} selected`;
  const everything = document.querySelector("[data-select-all]");
  everything.checked = chosen.length === all.length;
  everything.indeterminate = chosen.length > 0 && chosen.length < all.length;
  all.forEach((box) => box.closest("[data-row]").classList.toggle("picked", box.checked));
  const said = document.getElementById("announced");
  if (said) said.textContent = `${cases(chosen.length)} selected`;
}

on("change", "[data-select]", showPicked);
on("change", "[data-select-all]", (box) => {
  document.querySelectorAll("[data-select]").forEach((each) => { each.checked = box.checked; });
  showPicked();
});

on("click", "[data-bulk-open]", (button) => {
  const chosen = picked();
  const dialog = document.getElementById(button.dataset.bulkOpen);
  dialog.querySelectorAll("[data-number]").forEach((place) => { place.textContent = cases(chosen.length); });
  dialog.querySelector("[data-chosen]").replaceChildren(...chosen.map((box) => {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = "case";
    input.value = box.value;
    return input;
  }));
  dialog.showModal();
});

/* The filter bar replaces the results only: what lies outside of them follows the address --------- */

document.addEventListener("htmx:afterSettle", () => {
  const query = window.location.search.replace(/^\?/, "");
  document.querySelectorAll("[data-view-query]").forEach((input) => { input.value = query; });
  document.querySelectorAll("dialog input[name=next]").forEach((input) => { input.value = window.location.pathname + window.location.search; });
  showPicked();
});
window.addEventListener("pageshow", showPicked);
