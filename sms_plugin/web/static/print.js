// The button of the print view; without it, the browser's own menu prints.
(() => {
  "use strict";
  const button = document.querySelector("[data-sms-print]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => window.print());
})();
