"use strict";
// Switches pushes on and off in this browser. Nothing is asked before a press.
const SCOPE = "/alerts/push/";
const forms = { add: document.querySelector("[data-push-add]"), off: document.querySelectorAll("[data-push-off]") };
const note = document.querySelector("[data-push-note]");
const sentences = {
  cannot: "This browser cannot do this here. On an iPhone or iPad it works only from a page on the home screen.",
  denied: "You have not allowed messages from this site. You can change that in the settings of your browser.",
  failed: "Your browser could not reach its own message service. Please try again later.",
};

const can = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function say(sentence) {
  note.textContent = sentence;
  note.hidden = !sentence;
}

function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

const same = (one, other) => one && one.length === other.length && one.every((byte, at) => byte === other[at]);

async function sha256(text) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function present() {
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  return registration ? registration.pushManager.getSubscription() : null;
}

async function subscribe(key) {
  const registration = await navigator.serviceWorker.register("/push-worker.js", { scope: SCOPE });
  await navigator.serviceWorker.ready;
  const old = await registration.pushManager.getSubscription();
  if (old && !same(new Uint8Array(old.options.applicationServerKey ?? []), key)) await old.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

forms.add.addEventListener("submit", async (event) => {
  event.preventDefault();
  say("");
  if (!can()) return say(sentences.cannot);
  if (await Notification.requestPermission() !== "granted") return say(sentences.denied);
  try {
    const subscription = await subscribe(bytes(forms.add.dataset.pushAdd));
    forms.add.elements.endpoint.value = subscription.endpoint;
  } catch {
    return say(sentences.failed);
  }
  forms.add.submit();
});

/** Show which of the browsers is this one; switching that off also tells the browser. */
async function markThisOne() {
  const subscription = can() ? await present() : null;
  if (!subscription) return;
  const hash = await sha256(subscription.endpoint);
  for (const form of forms.off) {
    if (form.dataset.pushOff !== hash) continue;
    form.closest("li").querySelector("[data-push-here]").hidden = false;
    document.querySelector("[data-push-start]").hidden = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await subscription.unsubscribe().catch(() => {});
      form.submit();
    });
  }
}

if (!can()) say(sentences.cannot);
else if (Notification.permission === "denied") say(sentences.denied);
markThisOne();
