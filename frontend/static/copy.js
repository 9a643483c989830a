// Copies the text that a button stands beside. Without this script the button is not shown, and the text can be
// selected as ever.
(() => {
  "use strict";
  if (!navigator.clipboard) return;
  const show = () => { for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false; };
  show();
  // In a dialog the text comes later.
  addEventListener("htmx:after:swap", show);
  addEventListener("click", async ({ target: button }) => {
    if (!button.matches?.("[data-copy]")) return;
    const words = button.dataset.words ??= button.textContent;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
})();
