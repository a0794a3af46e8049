// Adding and taking away a step without leaving the page: the form is asked for again, and its steps are put in place.
// Without it, the buttons post the form, and the page comes back with what was typed.
(() => {
  "use strict";

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    const steps = form.querySelector("[data-sms-steps]");
    if (!steps || !button || !steps.contains(button)) return;
    event.preventDefault();
    const data = new FormData(form, button);
    const leave = () => {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = button.name;
      field.value = button.value;
      form.append(field);
      form.submit();
    };
    try {
      const answer = await fetch(form.action, { method: "POST", body: data });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-sms-steps]");
      if (!answer.ok || !fresh) return leave();
      steps.replaceWith(fresh);
      const amounts = fresh.querySelectorAll("[name$=-amount]");
      (amounts[amounts.length - 1] || fresh.querySelector("button")).focus();
    } catch {
      leave();
    }
  });
})();
