// The form that sends from a record: only what belongs to the choice is shown. Without it, all of the form is.
(() => {
  "use strict";

  const choice = document.querySelector("[data-sms-shows]");
  if (!choice) return;
  const fit = () => {
    const kind = choice.value.split(":")[0];
    for (const part of document.querySelectorAll("[data-sms-shown-for]")) {
      part.hidden = !part.dataset.smsShownFor.split(" ").includes(kind);
    }
  };
  choice.addEventListener("change", fit);
  fit();
})();
