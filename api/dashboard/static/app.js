// What every page does where scripts run: relative times that go on, parts that follow, questions before harm.

import { follow } from "./live.js";
import { ago } from "./times.js";

function tick() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    if (!time.closest("[data-part]")) time.textContent = ago(new Date(time.dateTime));
  }
}

document.addEventListener("submit", (event) => {
  const asks = event.submitter?.dataset.ask ?? event.target.dataset.ask;
  if (asks && !window.confirm(asks)) event.preventDefault();
});

// A button that is pressed twice sends once.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  setTimeout(() => event.submitter && (event.submitter.disabled = true));
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled:not([data-off])")) button.disabled = false;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch { // browsers have no clipboard for pages over plain HTTP from another machine
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => (button.textContent = before), 1500);
});

// On a phone the pages are one line, which is wider than the screen.
document.querySelector('nav [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
setInterval(tick, 15_000);
follow(document.body.dataset.live);
document.documentElement.dataset.ready = "yes";
