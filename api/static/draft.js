// Keeps the text of a report in this tab until it was sent, and counts the letters left. Without it the page works the same.
for (const box of document.querySelectorAll("[data-draft]")) {
  const key = `draft:${box.dataset.draft}`;
  if (!box.value) box.value = sessionStorage.getItem(key) ?? "";
  box.addEventListener("input", () => sessionStorage.setItem(key, box.value));
}
for (const done of document.querySelectorAll("[data-draft-clear]")) sessionStorage.removeItem(`draft:${done.dataset.draftClear}`);

for (const counter of document.querySelectorAll("[data-count-of]")) {
  const box = document.getElementById(counter.dataset.countOf);
  const count = () => {
    const left = box.maxLength - box.value.length;
    counter.hidden = left > 500;
    counter.textContent = counter.dataset.countText.replace("%(left)s", left.toLocaleString(document.documentElement.lang));
  };
  box.addEventListener("input", count);
  count();
}
document.getElementById("errors")?.focus();
