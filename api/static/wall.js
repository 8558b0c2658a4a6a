// The meeting on the wall by keyboard and by clicker. Every key has a link or button on the page that works without this.
const typing = (node) => node.closest?.("input:not([type=checkbox]), textarea, select");
const open = (id) => {
  const part = document.getElementById(id);
  if (part) part.open = true;
  return part;
};

function field(name, part) {
  const box = part ? open(part) : null;
  const found = (box ?? document).querySelector(`[name=${name}]`);
  found?.focus();
  return Boolean(found);
}

function toggle(id) {
  const part = document.getElementById(id);
  if (!part) return false;
  part.open = !part.open;
  if (part.open) (part.querySelector("[aria-current]") ?? part.querySelector("summary")).focus();
  return true;
}

const follow = (rel) => {
  const link = document.querySelector(`.through a[rel=${rel}]`);
  link?.click();
  return Boolean(link);
};
const press = (key) => {
  const button = document.querySelector(`[data-key=${key}]`);
  button?.click();
  return Boolean(button);
};

const keys = {
  ArrowRight: () => follow("next"),
  PageDown: () => follow("next"),
  n: () => follow("next"),
  ArrowLeft: () => follow("prev"),
  PageUp: () => follow("prev"),
  p: () => follow("prev"),
  o: () => toggle("all"),
  "?": () => toggle("keys"),
  w: () => field("why"),
  d: () => field("decision"),
  a: () => field("what", "more"),
  e: () => field("raise_why", "up"),
  y: () => press("y"),
  x: () => (document.querySelector("[name=note]")?.value.trim() ? press("x") : field("note")),
};

addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const part of document.querySelectorAll(".through details[open]")) part.open = false;
    document.activeElement?.blur?.();
    return;
  }
  if (event.key === "Enter" && event.ctrlKey) {
    event.target.closest?.("form")?.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
  if (keys[event.key]?.()) event.preventDefault();
});

// Two times run: of the meeting, and of this case, which goes on where it was left.
const shown = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const whole = document.querySelector("[data-since]");
const one = document.querySelector("[data-case]");
const place = one && `${location.pathname}#${one.dataset.case}`;
let spent = 0;
try {
  spent = place ? Number(sessionStorage.getItem(place) ?? 0) : 0;
} catch {
  spent = 0; // a browser that keeps nothing counts from the beginning
}
const arrived = Date.now();

function tick() {
  if (whole) whole.textContent = shown(Math.max(0, (Date.now() - Date.parse(whole.dataset.since)) / 1000));
  if (!one) return;
  const seconds = spent + (Date.now() - arrived) / 1000;
  one.hidden = false;
  one.querySelector("b").textContent = shown(seconds);
  try {
    sessionStorage.setItem(place, String(seconds));
  } catch {
    return;
  }
}
tick();
setInterval(tick, 1000); // a clock on a wall moves once a second
