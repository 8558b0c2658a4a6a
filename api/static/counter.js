// Writing in for somebody: digits choose a screen, lists are sifted as one types, what is known already is looked up.
// Every one of them has a plain control as well; without scripts the forms work as they are.
import { sift } from "./sift.js";

document.documentElement.classList.add("scripted");

const form = document.getElementById("intake");
const known = document.getElementById("known");

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit(event.target.form.querySelector("button[value=keep]"));
  } else if (event.altKey && !event.ctrlKey && /^[1-9]$/.test(event.key)) {
    document.querySelector(`[data-alt-digit="${event.key}"]`)?.click();
  } else if (!typing && !event.altKey && !event.ctrlKey && !event.metaKey && /^[1-9]$/.test(event.key)) {
    document.querySelector(`[data-digit="${event.key}"]`)?.click();
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
  button.focus();
}

for (const list of document.querySelectorAll("main select")) if (list.options.length > 12) sift(list);

if (form && known) {
  let timer = 0;
  let asked = "";
  const look = async () => {
    const body = new URLSearchParams();
    for (const name of ["csrf", "text", "contact"]) body.set(name, form.elements[name]?.value ?? "");
    body.set("adds_to", new FormData(form).get("adds_to") ?? "");
    if (body.toString() === asked) return;
    asked = body.toString();
    try {
      const answer = await fetch(form.dataset.known, { method: "POST", body });
      if (answer.ok && asked === body.toString()) known.innerHTML = await answer.text();
    } catch {
      asked = ""; // no network for a moment: asked again with the next letter
    }
  };
  for (const name of ["text", "contact"]) {
    form.elements[name].addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 600);
    });
    form.elements[name].addEventListener("change", look);
  }
}
