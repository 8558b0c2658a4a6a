// Looks at files without leaving the case: in a box over the page, with the arrow keys; on a page of its own the keys follow the links.
const box = document.getElementById("viewer");
const inside = box?.firstElementChild;
let from = null;

async function show(address) {
  const answer = await fetch(`${address}?part=1`, { redirect: "error" }).catch(() => null);
  if (!answer?.ok) return location.assign(address);
  inside.innerHTML = await answer.text();
  if (!box.open) box.showModal();
  inside.querySelector("audio, video, img")?.focus?.();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || !box || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!box.contains(link)) from = link;
  show(link.getAttribute("href"));
});
box?.addEventListener("close", () => {
  inside.replaceChildren(); // and a player falls silent
  from?.focus();
});
addEventListener("keydown", (event) => {
  if ((box && !box.open) || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("audio, video, input, textarea, select")) return;
  const where = { ArrowLeft: "[rel=prev][data-view]", ArrowRight: "[rel=next][data-view]", Escape: "[data-back]" }[event.key];
  const link = where && (box ? inside : document).querySelector(where);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
