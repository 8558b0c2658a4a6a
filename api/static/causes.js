// While a cause is typed: those that are there already, as buttons that fill the field. Without this module the browser
// offers the names used most, and a name much like another is asked about when the form is sent.
const PAUSE = 200; // milliseconds without a letter after which it asks: each letter would ask for nothing

for (const box of document.querySelectorAll("[data-causes]")) {
  const field = box.querySelector("input[name=cause]");
  const list = box.querySelector("[data-causes-like]");
  let timer = 0;
  let asked = 0;

  const show = (names) => {
    list.replaceChildren();
    if (!names.length) return;
    list.append(box.dataset.like);
    for (const { name, above } of names) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button plain slim";
      button.textContent = above ? `${name} (${above})` : name;
      button.addEventListener("click", () => {
        field.value = name;
        list.replaceChildren();
        field.focus();
      });
      list.append(button);
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const number = ++asked;
      const typed = field.value.trim();
      if (typed.length < 2) return show([]);
      const answer = await fetch(`/staff/causes/suggest?${new URLSearchParams({ q: typed })}`).catch(() => null);
      if (number !== asked || !answer?.ok) return; // a later letter has asked meanwhile
      const names = await answer.json();
      show(names.filter(({ name }) => name !== field.value.trim()));
    }, PAUSE);
  });
}
