// The express message: its button opens a dialog, in which the form is fetched and sent. Without it the button is a
// link to the page for one message.

// What is done with selected rows stands in Flask-Admin's lists as inline handlers, which a strict policy stops: ours are
// carried out here where theirs was not.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[onclick*='modelActions.execute']");
  const named = link && /execute\('(sms_\w+)'\)/.exec(link.getAttribute("onclick"));
  if (!named || event.defaultPrevented || !window.modelActions) return;
  event.preventDefault();
  window.modelActions.execute(named[1]);
});

(() => {
  "use strict";

  const opener = document.querySelector("[data-sms-express]");
  if (!opener || opener.dataset.smsReady || !window.HTMLDialogElement) return;
  opener.dataset.smsReady = "1";
  let dialog = null;

  const show = (html) => {
    const body = dialog.querySelector("[data-sms-body]");
    body.innerHTML = html;
    const form = body.querySelector("form");
    if (form && window.smsSingle) window.smsSingle(form);
    for (const wanted of [".sms-express-done", "[aria-invalid]", "[role=alert] ~ .sms-express-sure input", "[name=to]"]) {
      const first = body.querySelector(wanted);
      if (first) return first.focus();
    }
    return undefined;
  };

  const fail = (keep) => {
    if (!keep) dialog.querySelector("[data-sms-body]").textContent = "";
    const told = dialog.querySelector("[data-sms-failed]");
    told.textContent = opener.dataset.smsFailed;
    told.hidden = false;
  };

  const fetched = async (url, options, keep) => {
    dialog.querySelector("[data-sms-failed]").hidden = true;
    try {
      const answer = await fetch(url, options);
      const whole = answer.redirected || !(answer.headers.get("Content-Type") || "").startsWith("text/html");
      if (whole || !answer.ok) throw new Error(String(answer.status));
      show(await answer.text());
    } catch {
      fail(keep);
    }
  };

  const made = () => {
    const one = document.createElement("dialog");
    one.className = "sms-express-panel";
    one.setAttribute("aria-labelledby", "sms-express-head");
    const head = document.createElement("h2");
    head.id = "sms-express-head";
    head.textContent = opener.textContent.replace("✉", "").trim();
    const told = document.createElement("p");
    told.dataset.smsFailed = "";
    told.className = "sms-express-wrong";
    told.setAttribute("role", "alert");
    told.hidden = true;
    const body = document.createElement("div");
    body.dataset.smsBody = "";
    one.append(head, told, body);
    opener.parentElement.append(one);
    one.addEventListener("close", () => opener.focus());
    one.addEventListener("click", (event) => {
      if (event.target.closest("[data-sms-close]")) one.close();
      else if (event.target.closest("[data-sms-again]")) fetched(opener.dataset.smsExpress, {}, true);
    });
    one.addEventListener("submit", (event) => {
      event.preventDefault();
      const form = event.target;
      const button = form.querySelector("[type=submit]");
      const data = new FormData(form, event.submitter || button);
      button.disabled = true;
      fetched(form.action, { method: "POST", body: data }, true).finally(() => { button.disabled = false; });
    });
    return one;
  };

  opener.setAttribute("role", "button");
  opener.setAttribute("aria-haspopup", "dialog");
  const open = (event) => {
    event.preventDefault();
    dialog = dialog || made();
    if (!dialog.open) dialog.showModal();
    if (!dialog.querySelector("form")) fetched(opener.dataset.smsExpress, {}, false);
  };
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    open(event);
  });
  opener.addEventListener("keydown", (event) => {
    if (event.key === " ") open(event);
  });
})();
