// Sends to many: people are found while one types, and a page of one that is built or goes keeps itself fresh.
// Without it, "Search" and "Look again" do the same on the server.
(() => {
  "use strict";

  const PAUSE = 250;
  const FRESH = 1500;

  const later = (work) => {
    let timer;
    return (...given) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => work(...given), PAUSE);
    };
  };

  for (const box of document.querySelectorAll("[data-sms-people]")) {
    const block = box.closest("fieldset");
    const [found, chosen] = [block.querySelector("[data-sms-found]"), block.querySelector("[data-sms-chosen]")];
    let mine;
    const search = async () => {
      if (mine) mine.abort();
      mine = new AbortController();
      const data = new FormData();
      data.set("words", box.value);
      data.set("number", box.dataset.smsPeople);
      data.set("csrf_token", box.form.elements.csrf_token.value);
      try {
        const answer = await fetch(box.dataset.smsPeopleAt, { method: "POST", body: data, signal: mine.signal });
        if (!answer.ok) return;
        found.innerHTML = (await answer.json()).html;
        const have = new Set([...chosen.querySelectorAll("input")].map((each) => each.value));
        for (const each of found.querySelectorAll("input")) if (have.has(each.value)) each.closest("label").remove();
      } catch {
        // a newer search took over, or the server cannot be reached: "Search" is still there
      }
    };
    // what was typed before this script came, or what the browser kept, is looked for all the same
    if (box.value && !found.children.length) search();
    box.addEventListener("input", later(search));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      search();
    });
    // whoever is ticked stays when something else is looked for
    found.addEventListener("change", (event) => {
      if (event.target.checked) chosen.append(event.target.closest("label"));
    });
  }

  const panel = document.querySelector("[data-sms-standing]");
  if (!panel) return;
  const refresh = async () => {
    try {
      const answer = await fetch(panel.dataset.smsStanding, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const told = await answer.json();
        if (told.state !== panel.dataset.smsState) {
          window.location.reload();
          return;
        }
        panel.innerHTML = told.html;
      }
    } catch {
      // the server is away for a moment
    }
    window.setTimeout(refresh, FRESH);
  };
  window.setTimeout(refresh, FRESH);
})();
