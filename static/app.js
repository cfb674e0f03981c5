/* What the pages add to htmx, by its events alone: focus survives a swap, a form is sent once, waiting shows,
   failures say so where they happened and can be repeated. The words come from the page: <template id="failed">. */
(() => {
  "use strict";
  const on = (name, act) => document.addEventListener(name, act);
  const WAIT = 300; // milliseconds during which a load is not worth showing

  // Failures: a note above what was asked for, with a button that asks again; everything typed stays.
  let failed = null; // the request to repeat
  const placeOf = ({ elt, target }) => {
    const form = elt.closest("form");
    if (form?.isConnected) return form;
    return target?.isConnected && target !== document.body ? target : document.getElementById("problem");
  };
  const clear = () => document.querySelectorAll(".failed").forEach((note) => note.remove());
  const fail = (detail, kind, html) => {
    const template = document.getElementById("failed");
    if (!template) return;
    clear();
    failed = detail.requestConfig;
    const note = template.content.firstElementChild.cloneNode(true);
    note.querySelectorAll("p").forEach((text) => { if (html || !text.hasAttribute(`data-${kind}`)) text.remove(); });
    if (html) note.querySelector("div").insertAdjacentHTML("afterbegin", html);
    placeOf(failed).before(note);
    note.scrollIntoView({ block: "nearest" });
  };
  const repeat = ({ elt, triggeringEvent }) => {
    const { type, submitter } = triggeringEvent ?? {};
    if (elt.matches("form") && type === "submit") elt.requestSubmit(submitter?.isConnected ? submitter : undefined);
    else htmx.trigger(elt, type ?? "click");
  };
  on("click", ({ target }) => {
    if (!target.closest?.("[data-again]")) return;
    if (failed?.elt.isConnected) repeat(failed);
    else location.reload();
  });
  const isNote = (xhr) => xhr.getResponseHeader("HX-Retarget") === "#problem"; // errors/note.html
  let shown = null; // the answer that was itself put into the page, like an invalid form
  on("htmx:sendError", ({ detail }) => fail(detail, "unreachable"));
  on("htmx:timeout", ({ detail }) => fail(detail, "unreachable"));
  on("htmx:responseError", ({ detail }) => {
    if (detail.xhr === shown) return;
    const words = isNote(detail.xhr) && new DOMParser().parseFromString(detail.xhr.responseText, "text/html").querySelector("p");
    fail(detail, "refused", words ? words.outerHTML : null);
  });

  // Waiting: what will be read anew turns into blocks, and the pressed button shows that it works.
  const waiting = new Map();
  const wait = ({ xhr, target, requestConfig }) => {
    const button = requestConfig.elt.matches?.("form[data-once]") ? null : requestConfig.triggeringEvent?.submitter;
    waiting.set(xhr, { target, button, timer: setTimeout(() => {
      target?.classList.add("is-loading");
      target?.setAttribute("aria-busy", "true");
      if (button?.matches(".btn")) button.ariaBusy = "true";
    }, WAIT) });
  };
  const arrive = ({ xhr }) => {
    const { target, button, timer } = waiting.get(xhr) ?? {};
    clearTimeout(timer);
    waiting.delete(xhr);
    target?.classList.remove("is-loading");
    target?.removeAttribute("aria-busy");
    if (button) button.ariaBusy = null;
  };

  // Results: told by the one live region, in the words of the page itself.
  const tell = (root) => {
    const words = root.matches?.("[data-say]") ? root : root.querySelector?.("[data-say]");
    const live = document.getElementById("live");
    if (words && live) live.textContent = words.textContent.trim();
  };

  // The theme: the server keeps it, the page that is open changes at once.
  const dress = (root) => {
    const { theme } = root.dataset ?? {};
    if (root.id !== "theme" || !theme) return;
    if (theme === "system") document.documentElement.removeAttribute("data-bs-theme");
    else document.documentElement.setAttribute("data-bs-theme", theme);
  };

  // The account's menu closes with Escape and a click elsewhere.
  const menu = () => document.querySelector(".site-account[open]");
  on("click", ({ target }) => { if (menu() && !menu().contains(target)) menu().open = false; });
  on("keydown", ({ key }) => {
    if (key !== "Escape" || !menu()) return;
    menu().querySelector("summary").focus();
    menu().open = false;
  });

  // Focus: htmx finds an element again by its id; this finds the rest by name and value, or address.
  let lost = null;
  const selectorOf = (el) => {
    const quote = (name) => `[${name}="${CSS.escape(el.getAttribute(name))}"]`;
    if (el.id) return `#${CSS.escape(el.id)}`;
    if (el.hasAttribute("name")) return `:not([type="hidden"])${quote("name")}` + (el.matches("button[value], [type=radio], [type=checkbox][value]") ? quote("value") : "");
    return el.hasAttribute("href") ? `a${quote("href")}` : null;
  };
  const focus = (el) => {
    if (!el.matches("a[href], button, input, select, textarea, [tabindex]")) el.tabIndex = -1;
    el.focus({ preventScroll: !el.matches(".error-summary") });
  };
  // A button that is being pressed stays: taken away before it is let go, it would never be clicked.
  let pressed = null;
  let top = null; // how far the page was scrolled before a swap
  on("pointerdown", ({ target }) => { pressed = target.closest?.("button[type=submit]"); });
  ["pointerup", "pointercancel"].forEach((name) => on(name, () => { pressed = null; }));
  on("htmx:beforeSwap", ({ detail }) => {
    if ((pressed && pressed.form === detail.requestConfig.elt) || isNote(detail.xhr)) detail.shouldSwap = false;
    shown = detail.shouldSwap ? detail.xhr : null;
    // A button disabled while its request runs has already lost the focus to the body.
    const active = document.activeElement === document.body ? detail.requestConfig.elt : document.activeElement;
    lost = detail.shouldSwap && detail.target.contains(active) ? { selector: selectorOf(active), target: detail.target } : null;
    // Of a part beside the focus nothing is held: that would stop the scrolling to what Tab has just reached.
    top = lost ? scrollY : null;
  });
  // The new part stands before the old one for a moment, and browsers that keep their place scroll on by its height.
  on("htmx:afterSwap", () => { if (top !== null) scrollTo({ top, behavior: "instant" }); });
  on("htmx:afterSettle", ({ detail }) => {
    centreChosen();
    if (!detail.target) return; // a page that came back from the history
    const root = (detail.target.id && document.getElementById(detail.target.id)) || detail.target;
    if (root.matches("dialog:not([open])")) root.showModal(); // a question; where no script runs it is a page
    const summary = root.querySelector(".error-summary");
    const sent = ["submit", "click"].includes(detail.requestConfig.triggeringEvent?.type);
    if (summary && sent) focus(summary);
    else if (lost && document.activeElement === document.body && root.isConnected) {
      focus((lost.selector && root.querySelector(lost.selector)) || root);
    }
    lost = null;
    tell(root);
    dress(root);
  });

  // data-once: a second submit while the first is under way does nothing.
  const submitsOf = (form) => [...form.elements].filter((el) => el.type === "submit");
  const lock = (form, locked) => {
    form.toggleAttribute("data-sent", locked);
    // Later, so that the pressed button's own value is still sent.
    setTimeout(() => submitsOf(form).filter((button) => locked ? !button.disabled : button.ariaBusy).forEach((button) => {
      button.disabled = locked;
      button.ariaBusy = locked ? "true" : null;
    }));
  };
  const once = (event, form) => {
    if (!form.matches?.("form[data-once]")) return;
    if (form.hasAttribute("data-sent")) event.preventDefault();
    else lock(form, true);
  };
  on("submit", (event) => event.defaultPrevented || once(event, event.target)); // htmx has prevented its own
  on("htmx:beforeRequest", (event) => {
    once(event, event.detail.elt);
    if (event.defaultPrevented) return;
    clear();
    wait(event.detail);
  });
  on("htmx:afterRequest", ({ detail }) => {
    arrive(detail);
    if (detail.elt.matches?.("form[data-once]")) lock(detail.elt, false);
  });
  // Back from the payment page: bfcache shows the form as it was left.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => lock(form, false)));

  const centreChosen = () => document.querySelectorAll(".day-strip, .filter-bar").forEach((strip) => {
    const chosen = strip.querySelector("[aria-current], [aria-pressed=true], :checked + .day-chip");
    if (!chosen) return;
    const [outer, inner] = [strip.getBoundingClientRect(), chosen.getBoundingClientRect()];
    strip.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  });
  centreChosen();
  const summary = document.querySelector(".error-summary");
  if (summary) focus(summary);

  // A password can be looked at while it is typed; without scripts the button is not there (style sheet).
  on("click", ({ target }) => {
    const button = target.closest?.("button[data-reveal]");
    if (!button) return;
    const input = document.getElementById(button.dataset.reveal);
    const word = button.firstElementChild;
    input.type = input.type === "password" ? "text" : "password";
    [word.textContent, button.dataset.other] = [button.dataset.other, word.textContent];
  });
})();
