// The provider's form: a warning as soon as SSL is switched off, and a test message that is sent once.
(() => {
  "use strict";

  const ssl = document.querySelector("#setting_ssl");
  const warning = document.querySelector("#sms-in-clear");
  if (ssl && warning) {
    const show = () => warning.classList.toggle("d-none", ssl.checked);
    ssl.addEventListener("change", show);
    show();
  }

  for (const form of document.querySelectorAll("form[data-sms-once]")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      button.textContent = form.dataset.smsOnce;
    });
  }
})();
