"use strict";
// Asks the browser for a passkey and sends the form with what it answered. What it may ask for comes from the
// server: in the page, or for signing in from the form's own address.
const sentences = {
  NotAllowedError: "Nothing was chosen, or it took too long. You can try again.",
  InvalidStateError: "This device has a passkey for your account already.",
  NotSupportedError: "This browser or device cannot do this.",
};

async function options(form) {
  const inPage = document.getElementById("js_data");
  if (inPage) return JSON.parse(inPage.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  return answer.json();
}

async function credential(form) {
  const { creation_options: create, request_options: request } = await options(form);
  if (request) return window.webauthnJSON.get(request);
  const alone = form.elements.passwordless ? form.elements.passwordless.checked : true;
  const wanted = create.publicKey.authenticatorSelection;
  wanted.residentKey = alone ? "required" : "discouraged";
  wanted.requireResidentKey = alone;
  wanted.userVerification = alone ? "required" : wanted.userVerification;
  return window.webauthnJSON.create(create);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const note = form.querySelector("[data-passkey-note]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    note.textContent = "";
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
      form.elements.credential.value = JSON.stringify(await credential(form));
      form.submit();
    } catch (error) {
      note.textContent = sentences[error.name] || "That did not work. You can try again, or sign in in another way.";
    }
  });
}
