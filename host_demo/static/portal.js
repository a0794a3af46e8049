// What Flask-Admin writes as inline handlers, which a strict policy forbids.
(() => {
  "use strict";

  // Flask-Admin's menus are links to javascript:, which a strict policy reports as soon as one is clicked.
  for (const link of document.querySelectorAll('a[href^="javascript:"]')) {
    link.setAttribute("href", "#");
    link.addEventListener("click", (event) => event.preventDefault());
  }

  document.addEventListener("click", (event) => {
    const action = event.target.closest("[data-action]");
    if (action) window.modelActions.execute(action.dataset.action);

    const add = event.target.closest("[data-add]");
    if (add) window.faForm.addInlineField(add, add.dataset.add);

    if (event.target.closest("a.filter")) event.preventDefault();
  });
})();
