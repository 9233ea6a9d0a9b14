// The answer to a spreadsheet is a file: the page stays, so it has to say by itself that work is under way, and when it ends.
"use strict";
(() => {
  const form = document.querySelector("form[data-sheet]");
  const working = document.querySelector("[data-working]");
  if (!form || !working) return;
  const button = form.querySelector("button[type=submit]");

  function nameOf(response) {
    const found = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") || "");
    return found ? decodeURIComponent(found[1]) : "result";
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    working.hidden = false;
    button.disabled = true;
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const attached = (response.headers.get("Content-Disposition") || "").startsWith("attachment");
      if (response.ok && attached) save(await response.blob(), nameOf(response));
      else form.submit(); // the page that says what is wrong, or sign-in
    } catch {
      form.submit();
    } finally {
      working.hidden = true;
      button.disabled = false;
    }
  });
})();
