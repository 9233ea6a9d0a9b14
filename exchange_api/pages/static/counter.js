// Counter work: a scanner is a keyboard that types fast. Bursts are read from key positions (`code`), because a Chinese input
// method would turn them into Chinese and swallow Enter; a burst goes to the number field wherever the focus is.
"use strict";
(() => {
  const form = document.querySelector("form[data-counter]");
  if (!form) return;
  const number = form.elements.certificate_number;
  const notice = form.querySelector("[data-ime-notice]");
  const GAP = 30; // milliseconds between two keys of a scanner, at most
  const LEAST = 6; // shorter runs are people who type fast

  const PLAIN = { Minus: "-", Period: ".", Slash: "/", Equal: "=", Semicolon: ";", NumpadSubtract: "-", NumpadDecimal: ".", Space: " " };
  const SHIFTED = { Minus: "_", Semicolon: ":", Digit9: "(", Digit0: ")", Digit7: "&", Slash: "?" };

  function character(event) {
    const code = event.code;
    if (/^Key[A-Z]$/.test(code)) return code[3]; // numbers of certificates are written in capitals
    if (event.shiftKey && code in SHIFTED) return SHIFTED[code];
    if (/^(Digit|Numpad)[0-9]$/.test(code)) return code.slice(-1);
    return PLAIN[code] || "";
  }

  const CLEAN = 100; // milliseconds of rest before a burst: without it, a part of the scan may be missing from it

  let burst = { text: "", last: -CLEAN, composed: false, clean: true, before: "", target: null };

  function start(event, now) {
    const target = event.target;
    burst = { text: "", last: now, composed: false, clean: now - burst.last > CLEAN, before: target.value ?? "", target };
  }

  function emptyField() {
    return [...form.elements].find((field) => field.required && !field.value.trim());
  }

  function onward() {
    const next = emptyField();
    if (next) next.focus(); else form.requestSubmit();
  }

  function takeBurst() {
    const { text, composed, clean, target, before } = burst;
    burst.text = "";
    const inCode = "ascii" in (target.dataset ?? {});
    if (composed && notice) notice.hidden = false;
    if (inCode && !composed) { onward(); return; } // the browser has typed it already
    if (target.form === form) target.value = before;
    if (!clean) return; // never a number of which a part may be missing
    const field = inCode ? target : number;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
    if (!composed) onward();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const now = event.timeStamp;
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      const scanned = burst.text.length >= LEAST && now - burst.last <= GAP * 2;
      if (scanned) { event.preventDefault(); event.stopPropagation(); setTimeout(takeBurst, 0); return; }
      if (event.isComposing || event.keyCode === 229) { event.preventDefault(); return; }
      if (event.target.matches?.("form[data-counter] input")) { event.preventDefault(); onward(); }
      return;
    }
    const sign = character(event);
    if (!sign) { if (!event.code.startsWith("Shift")) burst.text = ""; return; }
    if (now - burst.last > GAP || !burst.text) start(event, now);
    burst.text += sign;
    burst.last = now;
    burst.composed ||= event.isComposing || event.keyCode === 229;
  }, true);

  // Full-width letters and digits become plain ones when the field is left; nothing else is repaired.
  form.addEventListener("focusout", (event) => {
    if (!("ascii" in (event.target.dataset ?? {}))) return;
    event.target.value = event.target.value.normalize("NFKC").trim().toUpperCase();
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
