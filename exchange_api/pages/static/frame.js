// What every page does: large text, print buttons, one submit per form, F2 to the number field. No inline anything.
"use strict";
(() => {
  const root = document.documentElement;

  function setLargeText(on, button) {
    root.classList.toggle("large-text", on);
    button.setAttribute("aria-pressed", String(on));
    document.cookie = `mz_text=${on ? "large" : "plain"}; Path=/; Max-Age=31536000; SameSite=Strict`;
  }

  for (const button of document.querySelectorAll("[data-text-size]")) {
    button.addEventListener("click", () => setLargeText(!root.classList.contains("large-text"), button));
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  // A page that comes back out of the browser's cache may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sent;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F2") return;
    event.preventDefault();
    const field = document.getElementById("certificate_number");
    if (field) { field.focus(); field.select(); } else { window.location.assign("/officer"); }
  });
})();
