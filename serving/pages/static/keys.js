// Keys for whoever calls all morning: everything here can be done without them, and without this script.
"use strict";

const OUTCOMES = ["contacted", "reached", "saved", "not_saved", "wrong_alarm", "already_known", "do_not_contact"];
const rows = [...document.querySelectorAll("a.open")];
const help = document.querySelector("[data-help]");
const opener = document.querySelector("[data-keys-help]");

function writing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function move(step) {
  const link = document.querySelector(step > 0 ? ".steps a[rel=next]" : ".steps a[rel=prev]");
  if (link) return link.click();
  if (!rows.length) return;
  const here = rows.indexOf(document.activeElement);
  const next = here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + step));
  rows[next].focus();
}

function mark(outcome) {
  const button = document.querySelector(`[data-marks] button[value="${outcome}"]`);
  if (button) return button.click();
  const row = document.activeElement.closest("a.open");
  const form = document.getElementById("quick");
  if (!row || !form) return;
  form.action = `${row.href.split("?")[0]}/mark`;
  form.elements.version.value = row.dataset.version;
  form.elements.outcome.value = outcome;
  form.submit();
}

function back() {
  const link = document.querySelector("[data-back]");
  if (link) link.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (help && help.open) return;
  if (event.key === "Escape" && writing(event.target)) return event.target.blur();
  if (writing(event.target)) return;
  const number = "1234567".indexOf(event.key);
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/") document.querySelector("[data-search]")?.focus();
  else if (event.key === "?") help?.showModal();
  else if (event.key === "Escape") back();
  else if (number >= 0) mark(OUTCOMES[number]);
  else return;
  event.preventDefault();
});

if (opener && help) {
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
}

// A page whose figures are being counted asks for them again.
const again = document.querySelector("[data-again]");
if (again) setTimeout(() => location.reload(), 1000 * again.dataset.again);

// A page that comes back from the browser's memory may be out of date: what was marked meanwhile is asked for again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
