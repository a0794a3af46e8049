// What Flask-Admin writes as inline handlers, which a strict policy forbids.
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const action = event.target.closest("[data-action]");
    if (action) window.modelActions.execute(action.dataset.action);

    const add = event.target.closest("[data-add]");
    if (add) window.faForm.addInlineField(add, add.dataset.add);

    if (event.target.closest("a.filter")) event.preventDefault();
  });
})();
