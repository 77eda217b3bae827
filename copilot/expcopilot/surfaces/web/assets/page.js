// What links and forms cannot do alone: show a refusal where one looks, say when the server is gone.
"use strict";

(() => {
  const offline = () => document.getElementById("offline");

  // A refusal is swapped in above the page; a success takes the last one away.
  document.addEventListener("htmx:after:swap", (event) => {
    const refusal = document.getElementById("refusal");
    if (refusal?.childElementCount && event.detail?.ctx?.response?.status >= 400) {
      refusal.scrollIntoView({ block: "start" });
      refusal.focus();
    }
  });

  // No answer at all: the server was stopped, or the network is gone. What was typed stays where it is.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail?.ctx && !event.detail.ctx.response) offline().hidden = false;
  });
  document.addEventListener("htmx:before:response", () => { offline().hidden = true; });

  // Enter sends a line, as in any conversation; Shift+Enter, or a line that is still being composed, does not.
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.isComposing || field.dataset?.enter !== "sends" || !field.value.trim()) return;
    event.preventDefault();
    field.form.requestSubmit();
  });

  // What was done in the conversation leaves keyboard and eye in it: the button that was pressed is gone. Beside the
  // record it scrolls by itself and the page stays; a decision is shown from its top, once.
  let conversing = false;
  let asked = "";
  const show = (element, page) => {
    const pane = document.querySelector(".talk-scroll");
    if (getComputedStyle(pane).overflowY === "auto") {
      pane.scrollBy(0, element.getBoundingClientRect().top - pane.getBoundingClientRect().top);
    } else if (page) {
      element.scrollIntoView({ block: "start" });
    }
  };
  const gate = () => {
    const waits = document.getElementById("gate");
    const fresh = waits?.dataset.asked && waits.dataset.asked !== asked ? waits : null;
    asked = waits?.dataset.asked ?? "";
    return fresh;
  };
  const inside = (event) => event.detail?.ctx?.sourceElement?.closest?.(".talk");
  document.addEventListener("submit", (event) => { conversing = Boolean(event.target.closest(".talk")); }, true);
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (inside(event) || ctx.response?.status >= 400) ctx.request.anchor = null;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.response?.status >= 400 || !document.querySelector(".talk")) return;
    const here = conversing || inside(event);
    const fresh = gate() ?? (here ? document.querySelector(".shown") : null);
    const now = document.getElementById("now");
    if (fresh) show(fresh, here);
    else if (conversing && now.childElementCount) now.scrollIntoView({ block: "nearest" });
    if (!conversing || document.activeElement !== document.body) return;
    conversing = false;
    const next = matchMedia("(hover: hover)").matches ? document.querySelector(".composer textarea") : now;
    next.focus({ preventScroll: true });
  });
  const first = gate();
  if (first && !location.hash) show(first, false);

  // An answer on its way: a lost connection is said, and comes back by itself; no piece is shown twice.
  document.addEventListener("htmx:sse:error", () => { offline().hidden = false; });
  document.addEventListener("htmx:sse:after:connection", () => { offline().hidden = true; });
  document.addEventListener("htmx:sse:before:message", (event) => {
    const { event: named, id } = event.detail.message;
    const turn = event.target.id?.replace(/-stream$/, "");
    if (!named && document.getElementById(`${turn}-${id}`)) event.detail.cancelled = true;
  });
  document.addEventListener("htmx:error", (event) => {
    const source = event.detail?.ctx?.sourceElement;
    const address = source?.getAttribute("hx-sse:connect") ?? source?.getAttribute("hx-get");
    if (!address || !source.closest(".at-work") || event.detail.ctx.response) return;
    setTimeout(() => { if (source.isConnected) htmx.ajax("GET", address, { source }); }, 1000);
  });
})();
