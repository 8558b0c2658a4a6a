// A box above a long list: what is typed, with slips of the finger, brings the likeliest options to the top.
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

// Letters wrong, missing, doubled or swapped between two words (optimal string alignment).
function slips(a, b) {
  let before = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

// 0 is no match; 1 is the whole name.
export function likeness(typed, name) {
  const words = plain(name).split(/[^\p{L}\p{N}\p{M}]+/u).filter(Boolean);
  let sum = 0;
  const wanted = plain(typed).split(/\s+/).filter(Boolean);
  for (const want of wanted) {
    let best = 0;
    for (const word of words) {
      if (word === want) best = 1;
      else if (word.startsWith(want)) best = Math.max(best, 0.9);
      else if (want.length > 2 && word.includes(want)) best = Math.max(best, 0.7);
      else if (want.length > 3) {
        const wrong = Math.min(slips(want, word), slips(want, word.slice(0, want.length)));
        if (wrong <= Math.floor(want.length / 4) + (want.length > 4 ? 1 : 0)) best = Math.max(best, 0.8 - wrong * 0.15);
      }
    }
    sum += best;
  }
  const like = wanted.length ? sum / wanted.length : 0;
  return like < 0.35 ? 0 : like;
}

export function sift(list) {
  const all = [...list.children];
  const options = [...list.options].filter((option) => option.value);
  const none = [...list.options].find((option) => !option.value);
  const box = document.createElement("input");
  box.type = "text";
  box.autocomplete = "off";
  box.placeholder = "Type to find";
  box.setAttribute("aria-label", `Find: ${list.labels[0]?.textContent ?? ""}`);
  box.setAttribute("aria-controls", list.id);
  const both = document.createElement("div");
  both.className = "sift";
  list.replaceWith(both);
  both.append(box, list);
  const show = () => {
    const typed = box.value.trim();
    const chosen = list.value;
    if (!typed) {
      list.replaceChildren(...all);
      list.value = chosen;
      return;
    }
    const found = options
      .map((option) => [likeness(typed, option.textContent), option])
      .filter(([like]) => like > 0)
      .sort(([a], [b]) => b - a)
      .slice(0, 12)
      .map(([, option]) => option.cloneNode(true));
    const top = none ? none.cloneNode(true) : new Option("", "");
    list.replaceChildren(...found, top);
    list.selectedIndex = 0;
    if (!found.length) top.textContent = `Nothing like “${typed}”`;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      list.selectedIndex = Math.min(Math.max(list.selectedIndex + step, 0), list.options.length - 1);
    } else if (event.key === "Enter" && !event.ctrlKey) event.preventDefault();
  });
}
