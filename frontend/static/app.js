// What the pages do beyond links and forms. Everything here smooths; nothing is needed.
(() => {
  "use strict";
  const root = document.documentElement;
  const toasts = () => document.getElementById("toasts");
  const one = (selector, within = document) => within.querySelector(selector);

  // Theme: the cookie lets the server write it into the page, so that nothing flashes.
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
    try { localStorage.setItem(name, value); } catch { /* storage may be refused */ }
  };
  const remembered = (name) => {
    try { return localStorage.getItem(name); } catch { return null; }
  };
  const isDark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const nameTheme = () => {
    for (const button of document.querySelectorAll("[data-theme-form] button")) {
      button.value = isDark() ? "light" : "dark";
      const words = button.dataset[button.value];
      if (button.hasAttribute("aria-label")) button.setAttribute("aria-label", words);
    }
  };
  if (!root.dataset.theme && /^(light|dark)$/.test(remembered("theme"))) {
    root.dataset.theme = remembered("theme");
    remember("theme", root.dataset.theme);
  }
  addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-form]")) return;
    event.preventDefault();
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("theme", root.dataset.theme);
    nameTheme();
  });

  // Toasts stay 8 seconds, longer while somebody holds one.
  const tend = (toast) => {
    let timer;
    const held = () => toast.matches(":hover") || toast.contains(document.activeElement);
    const leave = () => { held() ? wait() : toast.remove(); };
    const wait = () => { clearTimeout(timer); timer = setTimeout(leave, 8000); };
    wait();
  };
  const say = (sentence) => {
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.dataset.toast = "";
    toast.append(sentence);
    toasts()?.append(toast);
  };
  const watchToasts = () => {
    const box = toasts();
    if (!box) return;
    box.querySelectorAll("[data-toast]").forEach(tend);
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) if (node.nodeType === 1 && node.matches("[data-toast]")) tend(node);
      }
    }).observe(box, { childList: true });
  };

  // Dialogs: what arrives in #dialogs is shown as modal; the browser gives the focus back to the opener.
  const shown = () => [...document.querySelectorAll("dialog[open]")].pop();
  let back;
  const openDialogs = () => {
    for (const dialog of document.querySelectorAll("#dialogs > dialog[data-modal]:not([open])")) {
      // Opened from a menu that is shut again, or from a dialog whose place it took: back to what opened those.
      const from = document.activeElement;
      const opener = buttonOf(from.closest("[data-menu]")) || (from === document.body && back?.isConnected ? back : from);
      back = opener;
      const title = document.title;
      dialog.addEventListener("close", () => {
        dialog.remove();
        document.title = title;
        if (document.activeElement === document.body && opener?.isConnected) opener.focus();
      });
      dialog.showModal();
      const first = one("[autofocus]", dialog) || one("input:checked, input:not([type=hidden]), select, textarea", dialog);
      first?.focus();
    }
  };
  addEventListener("dialog:close", () => shown()?.close());
  addEventListener("click", (event) => {
    const closer = event.target.closest?.("[data-close]");
    const dialog = closer?.closest("dialog");
    if (dialog) { event.preventDefault(); dialog.close(); }
    else if (event.target.matches?.("dialog[data-modal]")) {
      const box = event.target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      // A click beside the dialog closes it only while nothing has been written into it.
      if (outside && (!event.target.dataset.touched || event.target.matches(".palette"))) event.target.close();
    }
  });
  addEventListener("input", (event) => {
    const dialog = event.target.closest?.("dialog[data-modal]");
    if (dialog) dialog.dataset.touched = "1";
  });

  // Menus: arrow keys, Home, End and a typed letter. Opening, Escape and a click beside come with popover, also without
  // this script.
  const buttonOf = (menu) => menu && one(`[popovertarget="${CSS.escape(menu.id)}"]`);
  const itemsOf = (menu) => [...menu.querySelectorAll('[role="menuitem"]')];
  addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-menu]")) return;
    buttonOf(menu)?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "open") itemsOf(menu).at(menu.dataset.from === "end" ? -1 : 0)?.focus();
    delete menu.dataset.from;
  }, true);
  addEventListener("keydown", (event) => {
    const button = event.target.closest?.('[popovertarget][aria-haspopup="menu"]');
    if (button && /^Arrow(Down|Up)$/.test(event.key)) {
      const menu = document.getElementById(button.getAttribute("popovertarget"));
      event.preventDefault();
      if (event.key === "ArrowUp") menu.dataset.from = "end";
      menu.showPopover();
      return;
    }
    const menu = event.target.closest?.("[data-menu]");
    if (!menu) return;
    const items = itemsOf(menu);
    const at = items.indexOf(document.activeElement);
    const to = {
      ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1,
    }[event.key];
    const typed = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey
      // The next one after the focus, and round again from the top.
      ? [...items.keys()].map((n) => (at + 1 + n) % items.length)
        .find((n) => items[n].textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))
      : -1;
    const item = items[to ?? typed];
    if (item) { event.preventDefault(); item.focus(); }
    if (event.key === "Tab") menu.hidePopover();
  });
  addEventListener("click", (event) => {
    if (event.target.closest?.('[role="menuitem"]')) event.target.closest("[data-menu]")?.hidePopover();
  });

  // A key may come before htmx listens, and would then leave the page instead of opening a dialog on it.
  const press = (link) => window.htmx && link.hasAttribute("hx-get") && !link.dataset.htmxPowered
    ? link.addEventListener("htmx:after:init", () => link.click(), { once: true })
    : link.click();

  // The palette: the focus stays where one types, and the arrow keys choose. Ctrl K or ⌘K opens it from everywhere.
  const choose = (input, at) => {
    const options = [...document.getElementById(input.getAttribute("aria-controls"))?.querySelectorAll('[role="option"]') || []];
    const chosen = options[(at + options.length) % options.length];
    for (const option of options) option.setAttribute("aria-selected", String(option === chosen));
    input.setAttribute("aria-expanded", String(options.length > 0));
    chosen ? input.setAttribute("aria-activedescendant", chosen.id) : input.removeAttribute("aria-activedescendant");
    if (at) chosen?.scrollIntoView({ block: "nearest" });
  };
  // What is typed while the palette is on its way is not lost, and is no single key of the page.
  let ahead = null;
  const chosenBy = (input) => document.getElementById(input.getAttribute("aria-activedescendant"));
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      const jump = one("[data-jump]");
      if (jump) { event.preventDefault(); if (!shown()) { ahead = ""; press(jump); } }
    } else if (ahead !== null && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      ahead += event.key;
    }
    const input = event.target.closest?.('[role="combobox"]');
    if (!input || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = chosenBy(input);
    if (step) {
      event.preventDefault();
      const options = [...input.closest("dialog").querySelectorAll('[role="option"]')];
      choose(input, options.indexOf(chosen) + step);
    } else if (event.key === "Enter" && chosen && !input.dataset.stale) {
      event.preventDefault();
      chosen.click();
    }
  });
  // What is listed answers older words until the new answer is there: Enter then goes to the page of the search.
  addEventListener("input", (event) => {
    if (event.target.matches?.('[role="combobox"]')) event.target.dataset.stale = "1";
  });
  addEventListener("htmx:after:swap", () => {
    const input = one('#dialogs [role="combobox"]');
    if (!input || one('[aria-selected="true"]', input.closest("dialog"))) return;
    delete input.dataset.stale;
    choose(input, 0);
    if (ahead) { input.value = ahead; input.dispatchEvent(new Event("input", { bubbles: true })); }
    ahead = null;
  });
  addEventListener("htmx:finally:request", (event) => {
    if (event.detail.ctx.sourceElement?.matches?.("[data-jump]")) ahead = null;
  });

  // Single keys. Never inside a field, never with a modifier, never over a dialog, and off when a person says so.
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (root.dataset.keys === "off" || shown()) return;
    if (event.target.closest?.("input, select, textarea, [contenteditable], [data-menu]")) return;
    const key = event.key.toUpperCase();
    const pressed = one(`main [data-key="${CSS.escape(key)}"]`) || one(`[data-key="${CSS.escape(key)}"]`);
    // The focus comes back to where it was when the dialog closes; from nowhere it would stay nowhere.
    if (pressed) { event.preventDefault(); pressed.focus(); press(pressed); }
  });

  // Failures: told where the words were written, which stay; beside that, never alone, as a toast.
  const tell = (element, sentence) => {
    const form = element?.closest?.("form");
    if (!form || form.method === "get") return say(sentence);
    one("[data-failed]", form)?.remove();
    const line = document.createElement("p");
    line.className = "err";
    line.dataset.failed = "";
    line.setAttribute("role", "alert");
    line.append(sentence);
    form.prepend(line);
  };
  const sayings = { 401: "signedOut", 403: "forbidden", 404: "gone", 409: "changed", 410: "gone", 413: "large", 429: "often" };
  const saying = (response) => toasts().dataset[
    response.headers.get("Refused") || sayings[response.status] || (response.status >= 500 ? "broken" : "refused")
  ];
  let told = 0;
  const quietly = (element) => element?.matches?.('[hx-trigger*="every"]');
  addEventListener("htmx:response:error", (event) => {
    const { response, sourceElement, text } = event.detail.ctx;
    if (response.status === 422 || quietly(sourceElement)) return;
    tell(sourceElement, saying(response));
    if (response.status === 401 && text) askAgain(text, sourceElement);
  });

  // A session that ended: its answer holds the dialog that asks to sign in over the page, and then what was sent goes
  // again. The form tokens of the page belonged to that session. Somebody else who signs in gets a page of their own.
  let waiting;
  const askAgain = (text, element) => {
    if (one("[data-again]")) return;
    waiting = element;
    const box = document.getElementById("dialogs");
    box.insertAdjacentHTML("beforeend", text);
    htmx.process(one("[data-again]"));
    openDialogs();
  };
  const sendAgain = () => {
    const element = waiting;
    waiting = null;
    if (element?.isConnected) element.matches("form") ? element.requestSubmit() : element.click();
  };
  addEventListener("signed-in", (event) => {
    const { token, person } = event.detail;
    const known = document.body.dataset.person;
    if (known && known !== person) return location.reload();
    for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
    // After the dialog has closed and given the focus back.
    setTimeout(sendAgain);
  });
  addEventListener("click", (event) => {
    if (event.target.matches?.("[data-signed-in]")) { event.target.closest("dialog").close(); sendAgain(); }
  });
  addEventListener("sign-in", (event) => askAgain(event.detail));
  addEventListener("toast", (event) => say(event.detail));
  addEventListener("htmx:error", (event) => {
    const element = event.detail.ctx?.sourceElement;
    // A poll that fails is tried again by itself; it says so once a minute at the most.
    if (quietly(element)) {
      if (Date.now() - told < 60000) return;
      told = Date.now();
    }
    if (event.detail.ctx) tell(element, toasts().dataset.silent);
  });

  // A pressed button says so and cannot be pressed twice. (The server keeps double entries out anyway.)
  const busy = (form, on) => {
    for (const button of form.querySelectorAll('button[type="submit"]')) {
      on ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy");
    }
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented && !form.matches("[hx-post]")) return;
    if (form.method !== "post") return;
    one("[data-failed]", form)?.remove();
    busy(form, true);
  });
  addEventListener("htmx:finally:request", (event) => {
    const form = event.target.closest?.("form") || one('form:has([aria-busy="true"])');
    if (form) busy(form, false);
  });
  // Coming back to a page that was kept in memory is a new entry with a new key.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form").forEach((form) => busy(form, false));
    if (one("[data-entry-key]")) location.reload();
  });

  // A choice inside a form that changes what the form asks for is fetched without a press.
  addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-at-once]") && !form.hasAttribute("hx-get")) form.requestSubmit();
  });

  // A soft page change that the browser gives up is not an error of the page.
  for (const name of ["pageswap", "pagereveal"]) {
    addEventListener(name, (event) => {
      event.viewTransition?.ready.catch(() => {});
      event.viewTransition?.finished.catch(() => {});
    });
  }

  // More rows took the place of the link that asked for them: the focus goes on to the first of them.
  addEventListener("htmx:before:swap", (event) => {
    const more = event.detail.ctx.sourceElement?.closest?.("[data-more]")?.closest("li, tr");
    const before = more?.previousElementSibling;
    if (!more) return;
    addEventListener("htmx:finally:swap", () => {
      if (document.activeElement !== document.body) return;
      const first = before ? before.nextElementSibling : null;
      one("a, button, summary", first || document)?.focus();
    }, { once: true });
  });

  // What is kept for when there is no signal goes with whoever signs out.
  const forget = () => window.caches?.keys().then((names) => names.map((name) => caches.delete(name)));
  addEventListener("submit", (event) => { if (event.target.matches("[action$='/logout/']")) forget(); });
  if (one("body.door")) forget();

  addEventListener("htmx:after:swap", openDialogs);
  addEventListener("DOMContentLoaded", () => {
    if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const kbd of document.querySelectorAll("[data-jump] kbd")) kbd.textContent = "⌘K";
    nameTheme(); watchToasts(); openDialogs();
  });
})();
