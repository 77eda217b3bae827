// A file dropped anywhere on the place for it is chosen there; one that is too large is said before it is sent.
"use strict";

(() => {
  const place = (event) => event.target.closest?.(".bring")?.querySelector("input.drop");
  const holdsFiles = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");

  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      const input = place(event);
      if (!input || !holdsFiles(event)) return;
      event.preventDefault();
      input.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => place(event)?.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    const input = place(event);
    if (!input || !holdsFiles(event)) return;
    event.preventDefault();
    input.classList.remove("over");
    const chosen = new DataTransfer();
    if (event.dataTransfer.files.length) chosen.items.add(event.dataTransfer.files[0]);
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.("input.drop")) return;
    const most = Number(input.dataset.most), file = input.files[0];
    input.setCustomValidity(file && most && file.size > most
      ? `This file has ${Math.ceil(file.size / 1e9)} GB; at most ${most / 1e9} GB are taken here. Name it where it lies instead.`
      : "");
    input.reportValidity();
  });
})();
