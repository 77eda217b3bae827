// Copy by keyboard: a mark's label opens what stands behind it, rows are walked through, focus goes on where one was.
"use strict";

(() => {
  let back = null; // ids to look for after the page has changed under a decision, the best first

  const rows = () => [...document.querySelectorAll("[data-review-row]")];
  const anchor = (row) => row?.querySelector("[data-review-open]");
  const here = () => document.activeElement?.closest("[data-review-row]");

  // A mark's label leads to its evidence, which is folded.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.mark-label");
    const found = link && document.getElementById(link.hash.slice(1));
    if (!found) return;
    event.preventDefault();
    const folded = found.closest("details");
    folded.open = true;
    folded.querySelector("summary").focus();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const row = form.closest("[data-review-row]");
    const card = form.closest(".variant");
    if (row) {
      const all = rows();
      const at = all.indexOf(row);
      back = { rows: [...all.slice(at + 1), row, ...all.slice(0, at).reverse()].map((one) => one.id), card: null };
    } else if (card) {
      back = { rows: [], card: card.id };
    }
  }, true);

  document.addEventListener("htmx:after:swap", () => {
    const goal = back;
    if (!goal || document.getElementById("refusal")?.childElementCount) return;
    back = null;
    if (goal.card) {
      const card = document.getElementById(goal.card);
      const next = card?.querySelector(".evidence.is-open > summary") ?? card?.querySelector(".decide button.act") ?? card?.querySelector("h3");
      next?.focus({ preventScroll: true });
    } else {
      const row = goal.rows.map((id) => document.getElementById(id)).find(Boolean);
      (anchor(row) ?? document.getElementById("review"))?.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-review]")) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const all = rows();
    const at = all.indexOf(here());
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step) {
      const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
      if (!next) return;
      event.preventDefault();
      anchor(next).focus();
    } else if ((event.key === "a" || event.key === "r") && at >= 0) {
      const button = all[at].querySelector(`[data-review-${event.key === "a" ? "approve" : "reject"}]`);
      if (!button) return;
      event.preventDefault();
      button.click();
    }
  });
})();
