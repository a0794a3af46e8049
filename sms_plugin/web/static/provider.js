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

  // What is typed into a secret's field can be looked at before it is saved; what is saved never comes back.
  for (const input of document.querySelectorAll("input[type=password][data-sms-show]")) {
    const row = document.createElement("div");
    row.className = "sms-secret";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-secondary";
    button.textContent = input.dataset.smsShow;
    button.addEventListener("click", () => {
      const hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.textContent = hidden ? input.dataset.smsHide : input.dataset.smsShow;
    });
    input.replaceWith(row);
    row.append(input, button);
  }

  for (const form of document.querySelectorAll("form[data-sms-once]")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      button.textContent = form.dataset.smsOnce;
    });
  }
})();
