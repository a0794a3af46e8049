// The provider's form: another gateway at once, a warning as soon as SSL is switched off, a test that is sent once.
(() => {
  "use strict";

  // Of a form that stands in the page, or has come into it.
  const prepare = () => {
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
  };
  prepare();

  // Another gateway changes the form at once; what was typed as the name stays. Without this, "Change" does it.
  const kinds = document.querySelector("form[data-sms-kinds]");
  if (kinds) {
    const choice = kinds.querySelector("select");
    let asking = null;
    kinds.querySelector("[data-sms-without-script]").hidden = true;
    choice.addEventListener("change", async () => {
      if (asking) asking.abort();
      const mine = new AbortController();
      asking = mine;
      const address = `${kinds.getAttribute("action")}?kind=${encodeURIComponent(choice.value)}`;
      let page;
      try {
        const answer = await fetch(address, { signal: mine.signal });
        if (!answer.ok) throw new Error(String(answer.status));
        page = new DOMParser().parseFromString(await answer.text(), "text/html");
      } catch (error) {
        if (error.name !== "AbortError") kinds.submit();
        return;
      }
      const old = document.querySelector("[data-sms-swap=form]");
      const typed = old.querySelector("[name=name]");
      const named = typed && typed.value !== old.dataset.smsKind ? typed.value : "";
      for (const stands of document.querySelectorAll("[data-sms-swap]")) {
        const comes = page.querySelector(`[data-sms-swap=${stands.dataset.smsSwap}]`);
        if (comes) stands.replaceWith(document.adoptNode(comes));
      }
      const name = document.querySelector("[data-sms-swap=form] [name=name]");
      if (name && named) name.value = named;
      window.history.replaceState(null, "", address);
      const form = document.querySelector("[data-sms-swap=form] form");
      if (form) form.action = address;
      prepare();
    });
  }

  for (const form of document.querySelectorAll("form[data-sms-once]")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      button.textContent = form.dataset.smsOnce;
    });
  }
})();
