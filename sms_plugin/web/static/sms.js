// What all pages of the SMS plugin share. Everything here is a comfort: without it, forms ask on a page of their own.
(() => {
  "use strict";

  // Flask-Admin's base names no language, and whoever has the page read aloud needs one.
  const spoken = new URL(document.currentScript.src).searchParams.get("lang");
  if (spoken && !document.documentElement.lang) document.documentElement.lang = spoken;

  // Flask-Admin's menus are links to javascript:, which a strict policy reports as soon as one is clicked.
  for (const link of document.querySelectorAll('a[href^="javascript:"]')) {
    link.setAttribute("href", "#");
    link.addEventListener("click", (event) => event.preventDefault());
  }

  const asked = (form) => {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "confirmed";
    field.value = "1";
    form.append(field);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const needsRows = button && button.dataset.smsNeedsRows;
    if (needsRows && ![...form.elements].some((each) => each.name === "rowid" && each.checked)) {
      event.preventDefault();
      window.alert(needsRows);
      return;
    }
    const question = (button && button.dataset.smsConfirm) || form.dataset.smsConfirm;
    if (!question || form.elements.confirmed) return;
    if (window.confirm(question)) {
      asked(form);
    } else {
      event.preventDefault();
    }
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-sms-all]")) return;
    for (const box of event.target.closest("table").querySelectorAll("input[name=rowid]")) {
      box.checked = event.target.checked;
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.sms-menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest(".sms-menu-items a")) menu.open = false;
    }
    const copy = event.target.closest("[data-sms-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.dataset.smsCopy).then(() => {
        copy.textContent = copy.dataset.smsCopied;
      });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.sms-menu[open]")) menu.open = false;
  });
})();
