// Conditions in a form: only what belongs to a choice is shown, and lists that depend on a choice are fetched anew.
// Without it, all fields are shown and a button updates the lists.
(() => {
  "use strict";

  const boxes = () => document.querySelectorAll(".sms-conditions");

  const fitOne = (conditions) => {
    const leads = conditions.querySelector("[data-sms-leads]");
    for (const part of conditions.querySelectorAll("[data-sms-led-by]")) {
      part.hidden = part.dataset.smsLedBy !== leads.value;
    }
    for (const op of conditions.querySelectorAll("[data-sms-op]")) {
      for (const part of op.parentElement.querySelectorAll("[data-sms-for-op]")) {
        part.hidden = !part.dataset.smsForOp.split(" ").includes(op.value);
      }
    }
    const button = conditions.querySelector("[data-sms-refresh]");
    if (button) button.hidden = true;
  };
  const fit = () => boxes().forEach(fitOne);

  let turns = 0;
  let waits = false;

  const refresh = async (form, conditions, changed) => {
    const turn = ++turns;
    const asked = new FormData(form);
    for (const each of form.querySelectorAll("input[type=file]")) asked.delete(each.name);
    asked.set("refresh", "1");
    waits = true;
    let page = null;
    try {
      const answer = await fetch(form.action, { method: "POST", body: asked, credentials: "same-origin" });
      if (answer.ok) page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      page = null;
    }
    // an answer to an older choice would take the latest one back
    if (turn !== turns) return;
    waits = false;
    const fresh = page && page.getElementById(conditions.id);
    if (!fresh || !conditions.isConnected) {
      const button = conditions.querySelector("[data-sms-refresh]");
      if (button) button.hidden = false;
      return;
    }
    conditions.replaceWith(document.adoptNode(fresh));
    fit();
    const again = document.getElementById(changed);
    if (again) again.focus();
  };

  const follow = (event) => {
    const conditions = event.target.closest(".sms-conditions");
    if (!conditions) return;
    if (event.type === "change") fitOne(conditions);
    const leads = event.type === "change" && event.target.matches("[data-sms-outer], [data-sms-leads]");
    // what is typed while an answer is on its way is asked along with it again
    if (!leads && !waits) return;
    if (!conditions.querySelector("[data-sms-outer]")) return;
    refresh(event.target.form, conditions, event.target.id);
  };
  document.addEventListener("change", follow);
  document.addEventListener("input", follow);

  fit();
})();
