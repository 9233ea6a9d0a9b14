// Codes: what was scanned, pasted, photographed or held before the camera is read by the hub, and fills in the form. The
// codes of one receipt are collected until all are there. The camera's picture never leaves this machine: only texts do.
"use strict";
(() => {
  const form = document.querySelector("form[data-counter]");
  const sender = document.getElementById("scan");
  if (!form || !sender) return;
  const said = form.querySelector("[data-scan-notice]");
  const fault = form.querySelector("[data-scan-fault]");
  const BROKEN = { zh: "没有连上平台，请重试或直接键入证照编号。", en: "The hub was not reached; try again, or type the number." };
  let collected = [];

  if (window.location.search.includes("link=")) window.history.replaceState(null, "", window.location.pathname);

  function say(where, words) {
    for (const one of [said, fault]) one.hidden = one !== where;
    where.querySelector("[data-zh]").textContent = words.zh;
    where.querySelector("[data-en]").textContent = words.en;
  }

  function fill(fields) {
    for (const [name, text] of Object.entries(fields)) {
      const field = form.elements[name];
      if (field) field.value = text;
    }
    const next = [...form.elements].find((field) => field.required && !field.value.trim());
    (next || form.querySelector("button[type=submit]")).focus();
  }

  async function ask(body) {
    body.append("csrf_token", sender.elements.csrf_token.value);
    try {
      const response = await fetch(sender.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (response.redirected) { window.location.reload(); return null; } // signed out meanwhile
      const told = await response.json();
      if (response.ok) return told;
      say(fault, { zh: told.detail, en: told.detail_en });
    } catch {
      say(fault, BROKEN);
    }
    collected = [];
    return null;
  }

  function take(told) {
    if (!told) return;
    say(said, told);
    if (told.kind === "parts") { form.elements.certificate_number.focus(); return; }
    collected = [];
    fill(told.fields);
  }

  async function read(texts) {
    const ofReceipt = texts.every((text) => text.startsWith("MZ"));
    collected = ofReceipt ? [...new Set([...collected, ...texts])].slice(-16) : texts;
    const body = new FormData();
    for (const text of collected) body.append("text", text);
    take(await ask(body));
  }

  form.addEventListener("scanned", (event) => read(event.detail));

  const picture = document.querySelector("input[data-picture]");
  picture?.addEventListener("change", async () => {
    if (!picture.files.length) return;
    const body = new FormData();
    body.append("picture", picture.files[0]);
    picture.value = "";
    take(await ask(body));
  });

  // --- the camera

  const opener = document.querySelector("[data-camera]");
  const dialog = document.querySelector("[data-camera-dialog]");
  if (!opener || !dialog || !navigator.mediaDevices?.getUserMedia) return;
  opener.hidden = false;
  const video = dialog.querySelector("video");
  const canvas = document.createElement("canvas");
  const WIDEST = 1024; // pixels of the picture that is looked at
  const EVERY = 120; // milliseconds between two looks
  const LOOKING = { zh: "请将二维码放在画面中央。", en: "Hold the QR code in the middle of the picture." };
  const DENIED = { zh: "摄像头不可用：请在浏览器中允许使用，或改用图片、扫码枪。", en: "The camera can't be used: allow it in the browser, or use a picture or a scanner." };
  let stream = null;

  function tell(words) {
    dialog.querySelector("[data-camera-said] [data-zh]").textContent = words.zh;
    dialog.querySelector("[data-camera-said] [data-en]").textContent = words.en;
  }

  function decoder() {
    if (window.jsQR) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = sender.dataset.decoder;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  function look() {
    if (!video.videoWidth) return null;
    const scale = Math.min(1, WIDEST / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    const drawn = canvas.getContext("2d", { willReadFrequently: true });
    drawn.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = drawn.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data || null;
  }

  // How many codes of the same receipt there are, and how many have been seen.
  function counted(texts, last) {
    const [, set, , of] = /^MZ1:([0-9A-F]{8}):([0-9]+):([0-9]+):/.exec(last) || [];
    return set ? { have: [...texts].filter((text) => text.startsWith(`MZ1:${set}:`)).length, of: Number(of) } : null;
  }

  async function watch() {
    const seen = new Set();
    while (stream && dialog.open) {
      const text = look();
      if (text && !seen.has(text)) {
        seen.add(text);
        const parts = counted(seen, text);
        if (!parts || parts.have >= parts.of) { dialog.close(); read(parts ? [...seen] : [text]); return; }
        tell({ zh: `已读 ${parts.have}/${parts.of}，请移到下一个二维码。`, en: `${parts.have} of ${parts.of} read; move on to the next code.` });
      }
      await new Promise((resolve) => { setTimeout(resolve, EVERY); });
    }
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
  }

  opener.addEventListener("click", async () => {
    dialog.showModal();
    try {
      await decoder();
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
    } catch {
      tell(DENIED);
      return;
    }
    if (!dialog.open) { stop(); return; }
    video.srcObject = stream;
    await video.play();
    tell(LOOKING);
    watch();
  });
  dialog.addEventListener("close", stop);
  dialog.querySelector("[data-camera-close]").addEventListener("click", () => dialog.close());
})();
