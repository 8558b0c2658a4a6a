// The triage desk by keyboard. A key acts on what is in sight; the next message is shown at once from those fetched
// ahead, while the last one is still on its way to the server. Every key has a visible control that works without this.
const desk = document.getElementById("sorting");
const said = document.getElementById("said");
const ahead = new Map(); // messages fetched and not shown yet, in order
const gone = new Set(); // acted on in this page; the server may offer one again before it has heard of that
let line = Promise.resolve(); // what is sent, one after the other
let waiting = 0;

const current = () => desk.querySelector("[data-message]");
const part = (html, name) => html.querySelector(`[data-part="${name}"]`);

function show(article) {
  desk.replaceChildren(article);
  scrollTo({ top: 0 });
  article.querySelector("#words")?.focus({ preventScroll: true });
}

function next() {
  const [first] = ahead;
  if (first) {
    ahead.delete(first[0]);
    show(first[1]);
  } else if (waiting) desk.querySelector("article")?.setAttribute("aria-busy", "true");
  else location.assign(location.pathname + (desk.dataset.next.includes("apart") ? "?apart=1" : ""));
}

function note(text, tone) {
  const box = document.createElement("div");
  box.className = `notice ${tone}`;
  box.setAttribute("role", "status");
  box.textContent = text;
  said.replaceChildren(box);
}

function take(text) {
  const html = new DOMParser().parseFromString(text, "text/html");
  const counts = part(html, "counts");
  if (!counts) return false;
  document.getElementById("counts").replaceChildren(...counts.childNodes);
  said.replaceChildren(...part(html, "said").childNodes);
  for (const one of html.querySelectorAll("template[data-message]")) {
    const name = one.dataset.message;
    if (!gone.has(name) && name !== current()?.dataset.message) ahead.set(name, one.content.firstElementChild);
  }
  return true;
}

const have = () => [current()?.dataset.message, ...ahead.keys()].filter(Boolean).join(",");

async function look() {
  const answer = await fetch(`${desk.dataset.next}${desk.dataset.next.includes("?") ? "&" : "?"}have=${have()}`, { cache: "no-store", redirect: "error" });
  if (answer.ok) take(await answer.text());
}

function send(form, body) {
  const article = form.closest("[data-message]");
  const name = article.dataset.message;
  gone.add(name);
  waiting += 1;
  line = line.then(async () => {
    let fine = false;
    try {
      const answer = await fetch(`${form.action}?have=${have()}`, { method: "POST", body, redirect: "error", keepalive: true, cache: "no-store" });
      const text = await answer.text();
      fine = answer.ok && take(text);
      if (!fine) {
        gone.delete(name);
        const wrong = answer.status === 422 && new DOMParser().parseFromString(text, "text/html").querySelector("template")?.content.firstElementChild;
        show(wrong || article);
        if (!wrong) note("That was not taken. Reload the page, then try again.", "late");
      }
    } catch {
      gone.delete(name);
      show(article);
      note("Not sent: the network is away. Try again.", "late");
    }
    waiting -= 1;
    if (fine && form.dataset.go === "skip") gone.delete(name);
    if (fine && (!current() || gone.has(current().dataset.message) || current().hasAttribute("aria-busy"))) next();
  });
  next();
}

async function again(form) {
  const query = new URLSearchParams(new FormData(form));
  const answer = await fetch(`/staff/triage/message?${query}`, { cache: "no-store", redirect: "error" });
  if (!answer.ok) return form.submit();
  const html = new DOMParser().parseFromString(await answer.text(), "text/html");
  const article = html.querySelector("[data-message]");
  if (article?.dataset.message === current()?.dataset.message) desk.replaceChildren(article);
}

let typed = 0;
desk.addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(typed);
  typed = setTimeout(async () => {
    const from = event.target.selectionStart;
    await again(event.target.form);
    const box = document.getElementById("q");
    box?.focus();
    box?.setSelectionRange(from, from);
  }, 200);
});

desk.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.go) {
    event.preventDefault();
    if (!gone.has(form.closest("[data-message]").dataset.message)) send(form, new URLSearchParams(new FormData(form, event.submitter)));
  } else if (form.matches("[data-find], [data-place]")) {
    event.preventDefault();
    clearTimeout(typed);
    await again(form);
    if (form.matches("[data-find]")) document.querySelector("#results button")?.focus();
    else document.getElementById("words")?.focus();
  } else if (form.method === "post" && waiting) {
    event.preventDefault();
    await line;
    HTMLFormElement.prototype.requestSubmit.call(form, event.submitter);
  }
});

said.addEventListener("submit", async (event) => {
  if (!waiting) return;
  event.preventDefault();
  await line;
  (document.querySelector("[data-undo]") ?? event.target).submit();
});

const named = { "/": "q", s: "q", p: "place" };
addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && typing) return document.getElementById("words")?.focus();
  if (event.target.id === "q" && event.key === "ArrowDown") {
    event.preventDefault();
    return document.querySelector("#results button")?.focus();
  }
  if (event.target.closest("#results") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const all = [...document.querySelectorAll("#results button")];
    const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    return (all[at] ?? document.getElementById("q")).focus();
  }
  if (typing) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === " " && event.target.closest("button, a, summary")) return; // presses what has the focus, as everywhere
  const control = document.querySelector(`[data-key="${key === "j" ? " " : CSS.escape(key)}"]`);
  if (named[key]) {
    event.preventDefault();
    const box = document.getElementById(named[key]);
    box?.focus();
    box?.select();
  } else if (key === "?") {
    event.preventDefault();
    document.getElementById("keys").showModal();
  } else if (control) {
    event.preventDefault();
    if (event.repeat) return; // a key held down places one message, not ten
    control.click();
    if (control.matches("summary")) control.parentElement.querySelector("form button, form select")?.focus();
  }
});

const keys = document.getElementById("show-keys");
keys.hidden = false;
keys.addEventListener("click", () => document.getElementById("keys").showModal());
document.getElementById("errors")?.focus();
if (current()) {
  if (!document.getElementById("errors")) document.getElementById("words").focus({ preventScroll: true });
  line = look().catch(() => {});
}
