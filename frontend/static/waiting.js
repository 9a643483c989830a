// Logging without a signal: an entry without an answer waits here under its key and goes again until it is stored. It is
// its member's: shown to nobody else, and sent as nobody else.
(() => {
  "use strict";
  const { member, log, today, worker, shell } = document.body.dataset;
  if (!member || !log || !window.indexedDB) return;
  const WEEK = 604800000, NAMES = "today:", QUICK = "form[data-entry]";
  const one = (selector, within = document) => within.querySelector(selector);
  const says = (name) => one("#waiting-row").dataset[name];
  const tell = (name, detail) => dispatchEvent(new CustomEvent(name, { detail }));

  const kept = (mode, deed) => new Promise((done, fail) => {
    const asked = indexedDB.open("waiting", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("entries", { keyPath: "key" });
    asked.onerror = fail;
    asked.onsuccess = () => {
      const act = asked.result.transaction("entries", mode), answer = deed(act.objectStore("entries"));
      act.oncomplete = () => done(answer.result);
      act.onabort = fail;
      asked.result.close();
    };
  });
  const put = (entry) => kept("readwrite", (all) => all.put(entry));
  const drop = (key) => kept("readwrite", (all) => all.delete(key));
  const mine = async () => (await kept("readonly", (all) => all.getAll()))
    .filter((entry) => entry.member === member).sort((a, b) => a.made - b.made);
  const isOld = (entry) => Date.now() - (entry.keptAt || entry.made) > WEEK;

  const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const chosen = (form, name) => one(`[name=${name}]:checked`, form)?.parentElement.textContent.trim();
  const madeOf = (form) => ({
    key: form.elements.entry_key.value, member, url: form.action, fields: fieldsOf(form), state: "",
    kind: chosen(form, "kind"), deal: form.elements.other.value || chosen(form, "deal"), note: form.elements.note.value,
  });
  const begun = new WeakMap();
  addEventListener("focusin", ({ target }) => {
    const form = target.closest?.(QUICK);
    if (form && !begun.has(form)) begun.set(form, Date.now());
  });
  addEventListener("submit", async ({ target: form }) => {
    if (!form.matches(QUICK)) return;
    if (begun.has(form)) form.elements.took.value = Math.round((Date.now() - begun.get(form)) / 1000);
    // What waits and was mended goes with its new words.
    const made = madeOf(form), known = (await mine()).find(({ key }) => key === made.key);
    if (known) put({ ...known, ...made });
  }, true);
  const newKey = (form) => { form.elements.entry_key.value = crypto.randomUUID(); };
  addEventListener("htmx:error", async (event) => {
    const form = event.detail.ctx?.sourceElement;
    // The dialog cannot be fetched: the page that is kept here has its form.
    if (form?.matches?.("a[data-key=L]") && await caches.has(NAMES + member)) return location.assign(today);
    if (!form?.matches?.(QUICK)) return;
    event.stopImmediatePropagation();
    try {
      await put({ ...madeOf(form), made: Date.now() });
      form.reset();
      newKey(form);
      begun.delete(form);
      form.closest("dialog")?.close();
      tell("toast", says("kept"));
      show();
    } catch { tell("toast", one("#toasts").dataset.silent); }
  }, true);

  const tokens = "[name=csrfmiddlewaretoken]";
  let signIn = "", asked;
  const renew = async () => {
    const text = await (await fetch(log, { headers: { "HX-Request": "true" } })).text();
    const [, by, fresh] = text.match(/data-entry="(.+?)"[^]*?csrfmiddlewaretoken" value="(\w+)"/) || [];
    signIn = fresh ? "" : text;
    if (by !== member) return;
    for (const input of document.querySelectorAll(tokens)) input.value = fresh;
    return true;
  };
  const post = (entry) => fetch(entry.url, {
    method: "POST", signal: AbortSignal.timeout(15000),
    body: new URLSearchParams([...entry.fields, ["waited", Date.now() - entry.made]]),
    headers: { "HX-Request": "true", "X-CSRFToken": one(tokens).value },
  });
  const isStale = (answer) => answer.status === 401 || answer.headers.get("Refused") === "forged";
  const send = async () => {
    if (send.busy) return;
    send.busy = true;
    let went;
    try {
      for (const entry of await mine()) {
        if (entry.state || isOld(entry)) continue;
        let answer = await post(entry);
        if (isStale(answer) && await renew()) answer = await post(entry);
        if (isStale(answer) || answer.status >= 500 || answer.status === 429) break;
        went = true;
        await (answer.ok ? drop(entry.key) : put({ ...entry, state: answer.status === 422 ? "refused" : "forbidden" }));
      }
    } catch { /* no signal yet */ }
    send.busy = false;
    if (went) shell ? location.reload() : document.body.dispatchEvent(new Event("facts:changed"));
    if (signIn && !asked) tell("sign-in", asked = signIn);
    show();
  };
  setInterval(send, 30000);
  for (const name of ["online", "pageshow", "signed-in", "facts:changed"]) addEventListener(name, () => setTimeout(send));

  const show = async () => {
    const all = await mine(), list = one("#waiting");
    for (const count of document.querySelectorAll("[data-waiting]")) {
      count.hidden = !all.length;
      count.firstChild.textContent = all.length;
    }
    list?.replaceChildren(...all.reverse().map((entry) => {
      const row = one("#waiting-row").content.firstElementChild.cloneNode(true), old = isOld(entry);
      const write = (selector, words) => { one(selector, row).textContent = words; };
      write("b", entry.kind);
      write("h3 .faint", entry.deal);
      write("time", new Date(entry.made).toLocaleString());
      write(".note", entry.note);
      write(".says", says(entry.state || (old ? "old" : signIn ? "signedOut" : "kept")));
      one(".mend", row).hidden = entry.state !== "refused";
      one(".keep", row).hidden = !old && entry.state !== "forbidden";
      one(".meta", row).hidden = !old && !entry.state;
      row.dataset.key = entry.key;
      return row;
    }));
  };
  addEventListener("htmx:after:swap", show);
  addEventListener("click", async ({ target }) => {
    const row = target.closest?.("#waiting button")?.closest("li");
    const entry = row && (await mine()).find(({ key }) => key === row.dataset.key);
    if (!entry) return;
    if (target.matches(".keep")) return put({ ...entry, state: "", keptAt: Date.now() }).then(send);
    const answer = target.matches(".mend") && await post(entry);
    if (!answer || answer.ok) return drop(entry.key).then(show);
    // The server's own form says what is wrong, with the words in their fields.
    one(QUICK).outerHTML = await answer.text();
    htmx.process(one(QUICK));
    one(`${QUICK} [autofocus]`)?.focus();
  });

  // What is kept for when there is no signal is this member's.
  addEventListener("load", async () => {
    for (const name of await caches.keys()) name === NAMES + member || caches.delete(name);
    if (!worker) return;
    await navigator.serviceWorker.register(worker);
    const files = [...document.querySelectorAll('link[href^="/"], script')].map((file) => file.href || file.src);
    (await navigator.serviceWorker.ready).active.postMessage({ name: NAMES + member, files: [`${today}shell/`, ...files] });
  });
  if (shell) newKey(one(QUICK));
})();
