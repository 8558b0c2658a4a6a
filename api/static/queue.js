// Keys of the queue: 1 to 9 and 0 open a view, V shows all, X ticks the case in focus, B goes to what is done with those ticked.
// What is ticked stays so when the list is refreshed. Every key has a visible control as well.
const bulk = document.getElementById("bulk");
const live = bulk?.querySelector("[data-live]");
const ticked = new Set();

bulk?.addEventListener("change", (event) => {
  if (event.target.name !== "case") return;
  event.target.checked ? ticked.add(event.target.value) : ticked.delete(event.target.value);
});
if (live) {
  new MutationObserver(() => {
    for (const box of live.querySelectorAll("[name=case]")) box.checked = ticked.has(box.value);
  }).observe(live, { childList: true });
}

function tick() {
  const row = document.activeElement?.closest?.(".queue-item") ?? document.querySelector(".queue-row[aria-current]")?.closest(".queue-item");
  const box = row?.querySelector("[name=case]");
  if (box) box.click();
}

addEventListener("keydown", (event) => {
  if (event.target.closest("input:not([type=checkbox]), textarea, select") || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const view = /^[0-9]$/.test(event.key) && document.querySelector(`[data-digit="${event.key}"]`);
  if (view) {
    location.assign(view.href);
  } else if (event.key === "x") {
    tick();
  } else if (event.key === "v") {
    const views = document.getElementById("views");
    views.open = !views.open;
    views.querySelector(views.open ? "a" : "summary")?.focus();
  } else if (event.key === "b") {
    document.getElementById("bulk-what")?.focus();
  } else {
    return;
  }
  event.preventDefault();
});
