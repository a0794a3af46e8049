// Writing a text: shortcodes at the cursor, the counter and the preview while one types, costly characters replaced.
// Without it, "Measure and preview" and "Replace costly characters" do the same on the server.
(() => {
  "use strict";

  const PAUSE = 250;

  const later = (work) => {
    let timer;
    return (...given) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => work(...given), PAUSE);
    };
  };

  const insert = (area, words) => {
    area.focus();
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const replace = (area, buttons) => {
    let text = area.value;
    for (const button of buttons) text = text.split(button.dataset.smsReplace).join(button.dataset.smsWith);
    area.setRangeText(text, 0, area.value.length, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const begin = (form) => {
    const areas = () => [...form.querySelectorAll("[data-sms-text] textarea")];
    const asking = new Map();
    let last = areas()[0];

    // the newest question wins: an answer that comes late to an older one is thrown away
    const ask = async (name, url, extra) => {
      const before = asking.get(name);
      if (before) before.abort();
      const mine = new AbortController();
      asking.set(name, mine);
      const data = new FormData(form);
      for (const each of form.querySelectorAll("input[type=file], [data-sms-unmeasured]")) data.delete(each.name);
      for (const [key, value] of Object.entries(extra)) data.set(key, value);
      try {
        const answer = await fetch(url, { method: "POST", body: data, signal: mine.signal, headers: { Accept: "application/json" } });
        return answer.ok ? await answer.json() : null;
      } catch {
        return null;
      }
    };

    const measure = async (area) => {
      const block = area.closest("[data-sms-text]").dataset;
      const told = await ask(area.name, form.dataset.smsMeasure, { language: block.smsText, field: area.name });
      if (told === null) return;
      area.classList.toggle("is-invalid", told.problem !== "");
      area.closest("[data-sms-text]").querySelector(".sms-judged").innerHTML = told.html;
    };
    const measureAll = () => areas().forEach(measure);
    const soon = new WeakMap();
    const measureSoon = (area) => {
      if (!soon.has(area)) soon.set(area, later(measure));
      soon.get(area)(area);
    };

    const words = form.querySelector("[name=words]");
    const found = form.querySelector(".sms-records");
    const search = async () => {
      const told = await ask("records", form.dataset.smsRecords, {});
      if (told !== null) found.innerHTML = told.html;
    };
    // what was typed before this script came, or what the browser kept, is looked for and measured all the same
    for (const area of areas()) if (area.value !== area.defaultValue) measure(area);
    if (words && found) {
      if (words.value && !found.children.length) search();
      words.addEventListener("input", later(search));
      words.addEventListener("focus", () => { if (!found.querySelector("[type=radio]")) search(); });
      words.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        search();
      });
    }

    form.addEventListener("focusin", (event) => {
      if (event.target.matches("textarea")) last = event.target;
    });
    form.addEventListener("input", (event) => {
      if (event.target.matches("[data-sms-text] textarea")) measureSoon(event.target);
    });
    form.addEventListener("change", (event) => {
      if (event.target.name === "record") measureAll();
      if (event.target.name === "section") {
        for (const each of form.querySelectorAll("[data-sms-section]")) each.hidden = each.dataset.smsSection !== event.target.value;
        if (found) found.replaceChildren();
        for (const each of form.querySelectorAll("[data-sms-about-records]")) each.hidden = event.target.value === "";
        for (const each of form.querySelectorAll("[data-sms-about-none]")) each.hidden = event.target.value !== "";
        measureAll();
      }
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[type=button]");
      if (!button) return;
      if (button.dataset.smsInsert && last) insert(last, button.dataset.smsInsert);
      const block = button.closest("[data-sms-text]");
      if (!block) return;
      const all = [...block.querySelectorAll("[data-sms-replace]")];
      if ("smsReplaceAll" in button.dataset) replace(block.querySelector("textarea"), all);
      else if ("smsReplace" in button.dataset) replace(block.querySelector("textarea"), [button]);
    });

    const filter = form.querySelector("[data-sms-filter]");
    if (filter) {
      const [box, status] = [filter.querySelector("input"), filter.querySelector("[role=status]")];
      const offers = [...form.querySelectorAll("[data-sms-insert]")];
      const found = () => offers.filter((each) => !each.hidden && !each.closest("[hidden]"));
      const narrow = () => {
        const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
        for (const each of offers) {
          const said = `${each.textContent} ${each.title}`.toLowerCase();
          each.hidden = !wanted.every((word) => said.includes(word));
        }
        for (const group of form.querySelectorAll("[data-sms-offered]")) {
          group.hidden = ![...group.querySelectorAll("[data-sms-insert]")].some((each) => !each.hidden);
        }
        const first = found()[0];
        if (!wanted.length) status.textContent = "";
        else status.textContent = first ? status.dataset.smsEnter.replace("{name}", first.dataset.smsInsert) : status.dataset.smsNone;
      };
      filter.hidden = false;
      box.addEventListener("input", narrow);
      box.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        const first = found()[0];
        if (!first || !last || !box.value) return;
        box.value = "";
        narrow();
        insert(last, first.dataset.smsInsert);
      });
    }

    for (const each of form.querySelectorAll("[data-sms-without-script]")) each.hidden = true;
  };

  for (const form of document.querySelectorAll("[data-sms-wording]")) begin(form);
})();
