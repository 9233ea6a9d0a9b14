// Counter work: a scanner is a keyboard that types fast. Bursts are read from key positions (`code`), because a Chinese input
// method would turn them into Chinese and swallow Enter; a burst goes to the number field wherever the focus is. What is more
// than a number (a receipt's code, an identifier, an address) is handed to scanning.js by the form's event `scanned`.
"use strict";
(() => {
  const form = document.querySelector("form[data-counter]");
  if (!form) return;
  const number = form.elements.certificate_number;
  const notice = form.querySelector("[data-ime-notice]");
  const GAP = 30; // milliseconds between two keys of a scanner, at most
  const LEAST = 6; // shorter runs are people who type fast
  const CLEAN = 100; // milliseconds of rest before a burst: without it, a part of the scan may be missing from it
  const SETTLES = 400; // milliseconds in which an input method may still put its own reading of the keys into the field

  const PLAIN = { Minus: "-", Period: ".", Slash: "/", Equal: "=", Semicolon: ";", NumpadSubtract: "-", NumpadDecimal: ".", NumpadAdd: "+", NumpadDivide: "/", NumpadMultiply: "*", Space: " " };
  const SHIFTED = { Minus: "_", Semicolon: ":", Digit9: "(", Digit0: ")", Digit7: "&", Slash: "?", Digit4: "$", Digit5: "%", Digit8: "*", Equal: "+", Backquote: "~" };

  function character(event) {
    const code = event.code;
    if (/^Key[A-Z]$/.test(code)) return event.shiftKey !== event.getModifierState?.("CapsLock") ? code[3] : code[3].toLowerCase();
    if (event.shiftKey && code in SHIFTED) return SHIFTED[code];
    if (/^(Digit|Numpad)[0-9]$/.test(code)) return code.slice(-1);
    return PLAIN[code] || "";
  }

  const folded = (text) => text.normalize("NFKC").trim();
  const isCode = (text) => /^MZ[0-9]+:|1\.2\.156\.3005\.2\.|^eyJ|:\/\//i.test(folded(text));
  // Numbers of certificates are written in capitals; a signed file must stay as it is.
  const cleaned = (text) => (isCode(text) && !/^MZ/i.test(folded(text)) ? folded(text) : folded(text).toUpperCase());

  let burst = { text: "", last: -CLEAN, composed: false, clean: true, before: "", target: null };
  let settling = { field: null, text: "", until: 0 };

  function start(event, now) {
    const target = event.target;
    burst = { text: "", last: now, composed: false, clean: now - burst.last > CLEAN, before: target.value ?? "", target };
  }

  function emptyField() {
    return [...form.elements].find((field) => field.required && !field.value.trim());
  }

  function onward() {
    for (const field of form.querySelectorAll("[data-ascii]")) field.value = cleaned(field.value);
    const next = emptyField();
    if (next) next.focus(); else form.requestSubmit();
  }

  function put(field, text) {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  // A code goes to be read; it is no number, and stays in no field.
  function hand(texts) {
    put(number, "");
    form.dispatchEvent(new CustomEvent("scanned", { detail: texts }));
  }

  function takeBurst() {
    const { text, composed, clean, target, before } = burst;
    burst.text = "";
    const inCode = "ascii" in (target.dataset ?? {});
    if (composed && notice) notice.hidden = false;
    if (clean && isCode(text)) {
      if (target.form === form) put(target, before);
      settling = { field: inCode ? target : number, text: inCode ? before : "", until: performance.now() + SETTLES };
      hand([cleaned(text)]);
      return;
    }
    if (inCode && !composed) { onward(); return; } // the browser has typed it already
    if (target.form === form) target.value = before;
    if (!clean) return; // never a number of which a part may be missing
    const field = inCode ? target : number;
    put(field, cleaned(text));
    if (composed) settling = { field, text: field.value, until: performance.now() + SETTLES };
    else onward();
  }

  // The input method ends its composition after the scanner's Enter: what it puts into the field then is taken out again.
  function settle(event) {
    const { field, text, until } = settling;
    if (event.target !== field || performance.now() > until || field.value === text) return;
    setTimeout(() => { field.value = text; }, 0);
  }
  form.addEventListener("compositionend", settle);
  form.addEventListener("input", (event) => { if (event.isTrusted) settle(event); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const now = event.timeStamp;
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      const scanned = burst.text.length >= LEAST && now - burst.last <= GAP * 2;
      if (scanned) { event.preventDefault(); event.stopPropagation(); setTimeout(takeBurst, 0); return; }
      if (event.isComposing || event.keyCode === 229) { event.preventDefault(); return; }
      if (event.target === number && isCode(number.value)) { event.preventDefault(); hand([cleaned(number.value)]); return; }
      if (event.target.matches?.("form[data-counter] input:not([type=file])")) { event.preventDefault(); onward(); }
      return;
    }
    const sign = character(event);
    if (!sign) { if (!event.code.startsWith("Shift")) burst.text = ""; return; }
    if (now - burst.last > GAP || !burst.text) start(event, now);
    burst.text += sign;
    burst.last = now;
    burst.composed ||= event.isComposing || event.keyCode === 229;
  }, true);

  // A field of one line would swallow the ends of lines between the codes of a receipt.
  number.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!isCode(text)) return;
    event.preventDefault();
    hand(text.split(/\r?\n/).filter((line) => line.trim()).map(cleaned));
  });

  // Full-width letters and digits become plain ones when the field is left; nothing else is repaired.
  form.addEventListener("focusout", (event) => {
    if (!("ascii" in (event.target.dataset ?? {}))) return;
    event.target.value = cleaned(event.target.value);
  });
  number.addEventListener("compositionstart", () => { if (notice) notice.hidden = false; });
  form.addEventListener("submit", (event) => {
    const missing = emptyField();
    if (!missing) return;
    event.preventDefault();
    delete form.dataset.sent;
    missing.reportValidity?.();
    missing.focus();
  }, true);
})();
