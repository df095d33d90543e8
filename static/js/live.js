"use strict";
// The live check: shows the camera, sends what it sees frame by frame, and says what the server answers.
// The server decides everything; nothing is kept here.
(() => {
  const root = document.querySelector("[data-live]");
  if (!root) return;

  const WIDTH = 640;
  const QUALITY = 0.85;
  const GAP_MS = 190; // between two frames, at the least
  const STILL_MS = 1500; // how long a camera may show no new picture

  const part = (name) => root.querySelector(`[data-live-${name}]`);
  const wordsFor = (code) => root.querySelector(`[data-live-words-for="${code}"]`)?.content.textContent ?? "";
  const [view, video, words, start, stop, trouble, ring] = ["view", "video", "words", "start", "stop", "trouble", "ring"].map(part);
  const canvas = document.createElement("canvas");
  let run = null; // the check under way: its stream, its session, the number of the next frame

  part("needs-script").remove();
  start.hidden = false;

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  function show(answer) {
    view.dataset.hint = answer.hint;
    if (words.textContent !== answer.words) words.textContent = answer.words;
    const done = answer.of ? Math.round((100 * answer.step) / answer.of) : 0;
    part("done").setAttribute("stroke-dasharray", `${done} 100`);
    ring.setAttribute("aria-valuenow", String(done));
  }

  function end(why) {
    run?.stream?.getTracks().forEach((track) => track.stop());
    run = null;
    video.srcObject = null;
    view.hidden = stop.hidden = true;
    start.hidden = false;
    words.textContent = "";
    part("why").textContent = why;
    trouble.hidden = !why;
    start.focus();
  }

  async function post(address, fields) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(address, { method: "POST", body: form, headers: { "X-CSRFToken": token } });
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (!isJson) throw new Error(String(answer.status));
    return answer.json();
  }

  /** Until the camera has a picture that it has not shown yet, which a hidden page never has. */
  function newPicture() {
    if (!video.requestVideoFrameCallback) return wait(GAP_MS);
    return Promise.race([new Promise((done) => video.requestVideoFrameCallback(done)), wait(STILL_MS)]);
  }

  function picture() {
    canvas.width = Math.min(WIDTH, video.videoWidth);
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  }

  async function sendFrames(mine) {
    while (run === mine) {
      const at = performance.now();
      await newPicture();
      const frame = await picture();
      if (run !== mine) return;
      const answer = await post(root.dataset.frame, { session: mine.session, number: mine.number, frame });
      if (run !== mine) return;
      if (answer.stop) return end(answer.stop);
      mine.number += 1;
      show(answer);
      if (answer.go) {
        words.textContent = wordsFor(answer.hint === "done" ? "passed" : "ended");
        mine.stream.getTracks().forEach((track) => track.stop());
        run = null;
        window.location.assign(answer.go);
        return;
      }
      await wait(Math.max(0, GAP_MS - (performance.now() - at)));
    }
  }

  const TROUBLES = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "absent", OverconstrainedError: "absent", NotReadableError: "busy" };

  async function openCamera() {
    if (!navigator.mediaDevices?.getUserMedia) return end(wordsFor("unsupported"));
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } } });
    } catch (error) {
      return end(wordsFor(TROUBLES[error.name] ?? "unsupported"));
    }
  }

  async function begin() {
    root.querySelector(".alert.needs")?.remove();
    trouble.hidden = start.hidden = true;
    words.textContent = wordsFor("starting");
    const stream = await openCamera();
    if (!stream) return;
    const mine = { stream, session: "", number: 0 };
    run = mine;
    video.srcObject = stream;
    view.hidden = stop.hidden = false;
    stop.focus();
    try {
      await video.play();
      const answer = await post(root.dataset.begin, {});
      if (run !== mine) return;
      if (answer.stop) return end(answer.stop);
      mine.session = answer.session;
      show(answer);
      await sendFrames(mine);
    } catch {
      if (run === mine) end(wordsFor("offline"));
    }
  }

  start.addEventListener("click", begin);
  stop.addEventListener("click", () => end(""));
  document.addEventListener("visibilitychange", () => document.hidden && run && end(wordsFor("left")));
  window.addEventListener("pagehide", () => run?.stream.getTracks().forEach((track) => track.stop()));
})();
