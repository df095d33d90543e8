"use strict";
// All behaviour hangs on data attributes and is delegated from the document,
// so that parts swapped in by htmx work without being set up again.

const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const element = closest(event, selector);
    if (element) act(element, event);
  });
const isTyping = (target) => target instanceof Element && target.matches("input, textarea, select, [contenteditable]");

/* Toasts -------------------------------------------------------------- */

function toast(text, tone) {
  const item = document.getElementById("toast")?.content.firstElementChild.cloneNode(true);
  if (!item) return;
  item.classList.add(tone);
  item.querySelector("p").textContent = text;
  document.getElementById("toasts").append(item);
}

on("click", "[data-dismiss]", (button) => button.closest(".toast, .alert")?.remove());
document.addEventListener("htmx:responseError", () => toast("That did not work, and nothing was changed. Please try again.", "stopped"));
document.addEventListener("htmx:sendError", () => toast("We cannot be reached right now. Nothing was changed.", "stopped"));

/* Quick exit: the button, or Escape twice ------------------------------- */

const ESCAPE_TWICE_WITHIN_MS = 700;
let lastEscape = -Infinity;

function leaveNow() {
  const exit = document.querySelector("[data-exit]");
  if (!exit) return;
  document.title = "";
  document.body.hidden = true;
  window.location.replace(exit.href);
}

on("click", "[data-exit]", (_, event) => {
  event.preventDefault();
  leaveNow();
});
window.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  if (event.timeStamp - lastEscape < ESCAPE_TWICE_WITHIN_MS) leaveNow();
  lastEscape = event.timeStamp;
}, true);

/* Blurred pictures ------------------------------------------------------ */

function blurAgain(button) {
  if (button.classList.contains("blurred")) return;
  button.classList.add("blurred");
  button.setAttribute("aria-pressed", "false");
  button.querySelector("[data-reveal-text]").textContent = button.dataset.reveal;
}

const blurAll = () => document.querySelectorAll("[data-reveal]:not(.blurred)").forEach(blurAgain);

function csrfToken() {
  const headers = document.body.getAttribute("hx-headers");
  return headers ? JSON.parse(headers)["X-CSRFToken"] : "";
}

/** Tell the server that somebody looks; the picture stays blurred where that fails. */
async function recordLook(address) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": csrfToken() } });
  if (!answer.ok) throw new Error(String(answer.status));
}

async function reveal(button) {
  const words = button.querySelector("[data-reveal-text]");
  if (button.dataset.ask && !button.dataset.asked) {
    button.dataset.asked = "yes";
    words.textContent = button.dataset.ask;
    return;
  }
  if (button.dataset.log) {
    try {
      await recordLook(button.dataset.log);
    } catch {
      words.textContent = "Not shown: the look could not be recorded";
      return;
    }
  }
  button.classList.remove("blurred");
  button.setAttribute("aria-pressed", "true");
  words.textContent = "Blur again";
  outOfView?.observe(button);
}

const outOfView = "IntersectionObserver" in window
  ? new IntersectionObserver((entries) => entries.forEach((entry) => {
      if (entry.isIntersecting) return;
      blurAgain(entry.target);
      outOfView.unobserve(entry.target);
    }))
  : null;

on("click", "[data-reveal]", (button) => {
  button.focus(); // some browsers do not focus a pressed button, and leaving it must blur the picture
  if (button.classList.contains("blurred")) reveal(button);
  else blurAgain(button);
});
on("focusout", "[data-reveal]", blurAgain);
document.addEventListener("visibilitychange", () => document.hidden && blurAll());
window.addEventListener("pagehide", blurAll);
window.addEventListener("blur", blurAll);
document.addEventListener("keydown", (event) => event.key === "Escape" && blurAll());

/* Dialogs ---------------------------------------------------------------- */

on("click", "[data-open]", (button) => document.getElementById(button.dataset.open)?.showModal());
on("click", "[data-close]", (button) => button.closest("dialog")?.close());
on("click", "dialog", (dialog, event) => {
  if (event.target !== dialog) return; // only a press on the backdrop has the dialog itself as its target
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

/* Navigation, theme, copying --------------------------------------------- */

on("click", "[data-nav-toggle]", (button) => {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  document.getElementById(button.getAttribute("aria-controls"))?.classList.toggle("open", open);
});

function showTheme() {
  const chosen = document.documentElement.dataset.theme || "system";
  document.querySelectorAll("[data-theme-set]").forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen)));
}

on("click", "[data-theme-set]", (button) => {
  const theme = button.dataset.themeSet;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
  showTheme();
});

on("click", "[data-copy]", async (button) => {
  const note = button.querySelector("[data-copy-note]");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    note.textContent = "Copied";
  } catch {
    note.textContent = "Select and copy it by hand";
  }
});

/* Forms -------------------------------------------------------------------- */

const focusErrors = (root) => root.querySelector("[data-error-summary]")?.focus();

function fileSize(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Read as a data address, because our content policy allows no blob addresses. */
function preview(file, item) {
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const image = new Image();
    image.alt = "";
    image.src = reader.result;
    item.prepend(image);
  });
  reader.readAsDataURL(file);
}

function listFiles(drop) {
  const list = drop.querySelector("[data-drop-list]");
  const shown = drop.querySelector("[data-drop-preview]");
  const files = [...drop.querySelector("input[type=file]").files];
  list.replaceChildren(...files.map((file) => {
    const item = document.createElement("li");
    const size = document.createElement("span");
    size.className = "num";
    size.textContent = fileSize(file.size);
    item.append(file.name, size);
    if (shown.checked && file.type.startsWith("image/")) preview(file, item);
    return item;
  }));
  drop.querySelector("[data-drop-options]").hidden = files.length === 0;
}

on("change", "[data-drop]", listFiles);
on("dragover", "[data-drop]", (drop, event) => {
  event.preventDefault();
  drop.classList.add("over");
});
on("dragleave", "[data-drop]", (drop) => drop.classList.remove("over"));
on("drop", "[data-drop]", (drop, event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const input = drop.querySelector("input[type=file]");
  const dropped = new DataTransfer();
  [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1).forEach((file) => dropped.items.add(file));
  input.files = dropped.files;
  listFiles(drop);
});

/* Queues by keyboard: j and k move, Enter opens, other keys press what is marked with data-key --- */

function moveInQueue(queue, step) {
  const rows = [...queue.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.classList.contains("at"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
  rows.forEach((row) => row.classList.toggle("at", row === next));
  next.querySelector("[data-row-link]")?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function pressKey(key) {
  const row = document.querySelector("[data-row].at");
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const target = row?.querySelector(selector) ?? document.querySelector(`${selector}:not([data-row] *)`);
  target?.click();
  return Boolean(target);
}

function queueKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const queue = document.querySelector("[data-queue]");
  const help = document.getElementById("keys");
  const search = document.querySelector("[data-key-search]");
  let done = true;
  if (queue && (event.key === "j" || event.key === "k")) moveInQueue(queue, event.key === "j" ? 1 : -1);
  else if (event.key === "/" && search) search.focus();
  else if (event.key === "?" && help) help.showModal();
  else done = /^[a-z]$/.test(event.key) && pressKey(event.key);
  if (done) event.preventDefault();
}

document.addEventListener("keydown", queueKey);
on("focusin", "[data-row]", (row) =>
  document.querySelectorAll("[data-row]").forEach((other) => other.classList.toggle("at", other === row)));

/* Start ----------------------------------------------------------------------- */

document.addEventListener("htmx:afterSwap", (event) => focusErrors(event.target));
showTheme();
focusErrors(document);
