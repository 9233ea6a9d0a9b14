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
  // How many alerts wait to be read; a page without an answer shows the bell alone.
  async function ring(bell) {
    const answer = await fetch("/alerts/unread", { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const { unread } = await answer.json();
    const count = bell.querySelector("[data-bell-count]");
    count.hidden = !unread;
    count.textContent = unread > 99 ? "99+" : String(unread);
    bell.setAttribute("aria-label", unread ? `提醒 Alerts: ${count.textContent} 条未读 unread` : "提醒 Alerts");
  }
  for (const bell of document.querySelectorAll("[data-bell]")) ring(bell);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F2") return;
    event.preventDefault();
    const field = document.getElementById("certificate_number");
    if (field) { field.focus(); field.select(); } else { window.location.assign("/officer"); }
  });
})();
