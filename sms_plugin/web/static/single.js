// One message by hand: who is found while one types, how it reads and what it costs. Without it, buttons do the same.
(() => {
  "use strict";

  if (window.smsSingle) return;
  const PAUSE = 250;

  const begin = (form) => {
    const asking = new Map();
    const timers = new Map();
    const later = (name, work) => {
      window.clearTimeout(timers.get(name));
      timers.set(name, window.setTimeout(work, PAUSE));
    };

    // the newest question wins: an answer that comes late to an older one is thrown away
    const ask = async (name, url, data) => {
      const before = asking.get(name);
      if (before) before.abort();
      const mine = new AbortController();
      asking.set(name, mine);
      try {
        const answer = await fetch(url, { method: "POST", body: data, signal: mine.signal, headers: { Accept: "application/json" } });
        return answer.ok ? await answer.json() : null;
      } catch {
        return null;
      }
    };

    const look = async () => {
      const data = new FormData(form);
      data.delete("step");
      const told = await ask("look", form.dataset.smsLook, data);
      const place = form.querySelector("[data-sms-outlook]");
      if (told !== null && place) place.innerHTML = told.html;
    };
    const search = async () => {
      const data = new FormData(form);
      data.delete("who");
      const told = await ask("people", form.dataset.smsPeople, data);
      const place = form.querySelector("[data-sms-found]");
      if (told !== null && place) place.innerHTML = told.html;
    };

    // whoever is chosen brings their numbers, templates and shortcodes: those parts of the page are asked for
    const choose = async (who) => {
      const page = form.dataset.smsPage;
      if (!page) return look();
      const answer = await fetch(`${page}?${new URLSearchParams({ who })}`);
      if (!answer.ok) return undefined;
      const [text, what] = [form.elements.text.value, form.elements.what.value];
      const came = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const stands of form.querySelectorAll("[data-sms-swap]")) {
        const comes = came.querySelector(`[data-sms-swap=${stands.dataset.smsSwap}]`);
        if (comes) stands.replaceWith(document.adoptNode(comes));
      }
      form.elements.text.value = text;
      form.elements.what.value = what;
      if (!form.elements.what.value) form.elements.what.value = "words";
      fit();
      const first = form.querySelector("[data-sms-swap=who] [name=number]:checked, [name=to]");
      if (first) first.focus();
      return look();
    };

    const fit = () => {
      for (const each of form.querySelectorAll("[data-sms-without-script]")) each.hidden = true;
      const choice = form.querySelector("[data-sms-shows]");
      if (!choice) return;
      const kind = choice.value.split(":")[0];
      for (const part of form.querySelectorAll("[data-sms-shown-for]")) part.hidden = !part.dataset.smsShownFor.split(" ").includes(kind);
    };

    const write = (area, text, end) => {
      area.setRangeText(text, end ? 0 : area.selectionStart, end ? area.value.length : area.selectionEnd, "end");
      area.focus();
      area.dispatchEvent(new Event("input", { bubbles: true }));
    };

    form.addEventListener("input", (event) => {
      if (event.target.name === "to") later("people", search);
      if (event.target.name === "other") form.querySelector("[name=number][value=other]").checked = true;
      if (event.target.name === "at") form.querySelector("[name=when][value=later]").checked = true;
      if (["to", "other", "text", "at"].includes(event.target.name)) later("look", look);
    });
    form.addEventListener("change", (event) => {
      const name = event.target.name;
      if (name === "who") choose(event.target.value);
      if (name === "what") fit();
      if (["what", "number", "when"].includes(name)) look();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT" || ["submit", "checkbox"].includes(event.target.type)) return;
      event.preventDefault();
      if (event.target.name === "to") search();
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[type=button], a[data-sms-another]");
      if (!button) return;
      const area = form.querySelector("textarea");
      if ("smsAnother" in button.dataset) {
        event.preventDefault();
        choose("");
      } else if (button.dataset.smsInsert) {
        write(area, button.dataset.smsInsert, false);
      } else if ("smsReplace" in button.dataset || "smsReplaceAll" in button.dataset) {
        const all = "smsReplaceAll" in button.dataset ? [...form.querySelectorAll("[data-sms-replace]")] : [button];
        write(area, all.reduce((text, each) => text.split(each.dataset.smsReplace).join(each.dataset.smsWith), area.value), true);
      }
    });
    fit();
    // what was typed before this script came, or what the browser kept, is looked for all the same
    const [to, found] = [form.querySelector("[name=to]"), form.querySelector("[data-sms-found]")];
    if (to && to.value && found && !found.children.length) search();
    if (form.querySelector("textarea").value && !form.querySelector(".sms-said")) look();
  };

  // How long a message is that goes with a record's save.
  const tell = (area) => {
    let told = area.parentElement.querySelector(".sms-counted");
    if (!told) {
      told = document.createElement("small");
      told.className = "sms-counted";
      told.setAttribute("role", "status");
      area.after(told);
    }
    const [number, most] = [area.value.length, Number(area.dataset.smsCounted)];
    told.textContent = number ? area.dataset.smsCountedWords.replace("{number}", number).replace("{most}", most) : "";
    area.classList.toggle("is-invalid", number > most);
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-sms-counted]")) tell(event.target);
  });

  window.smsSingle = begin;
  for (const form of document.querySelectorAll("[data-sms-single]")) begin(form);
})();
