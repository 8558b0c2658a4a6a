// Keys of the desk. Every one of them has a visible control as well.
const rows = () => [...document.querySelectorAll("[data-row]")];
const answer = document.getElementById("answer");

function move(step) {
  const all = rows();
  const here = all.indexOf(document.activeElement);
  const from = here >= 0 ? here : all.findIndex((row) => row.hasAttribute("aria-current"));
  all[Math.min(Math.max(from + step, 0), all.length - 1)]?.focus();
}

function unfold(id) {
  const act = document.getElementById(id);
  if (!act) return;
  act.open = true;
  act.scrollIntoView({ block: "nearest" });
  act.querySelector("textarea, select, input:not([type=hidden])")?.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  r: () => {
    answer?.focus();
    answer?.setSelectionRange(answer.value.length, answer.value.length);
  },
  s: () => unfold("replies"),
  n: () => unfold("act-note"),
  t: () => unfold("act-transfer"),
  a: () => unfold("act-assign"),
  c: () => unfold("act-close"),
  l: () => unfold("act-release"),
  u: () => unfold("act-urgent"),
  // joining can be undone, so the key does it; sending cannot, so the key only goes there
  g: () => document.getElementById("crowd-join")?.requestSubmit() ?? document.getElementById("crowd-send")?.focus(),
  "/": () => document.getElementById("search")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && typing?.form) {
    event.preventDefault();
    typing.form.requestSubmit(typing.form.querySelector("[value=answer]") ?? undefined);
  } else if (event.key === "Escape" && typing) {
    typing.blur();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]") && keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

document.getElementById("errors")?.focus();
