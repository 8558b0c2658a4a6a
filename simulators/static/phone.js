// Keeps the phone fresh and sends without a reload. Without this file the page works by forms and a link.

const lives = [...document.querySelectorAll("[data-live]")];

function bottom(box) {
  const messages = box.querySelector(".messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
}

async function refresh(box) {
  if (document.hidden || (box.closest("details") && !box.closest("details").open)) return;
  if (box.querySelector(".more[open]:focus-within")) return; // somebody is writing in there
  const answer = await fetch(box.dataset.live, { headers: box.tag ? { "If-None-Match": box.tag } : {}, cache: "no-store" });
  if (answer.status !== 200) return;
  const first = !box.tag;
  box.tag = answer.headers.get("ETag");
  const html = await answer.text();
  if (first && html.trim() === box.innerHTML.trim()) return;
  const messages = box.querySelector(".messages");
  const reading = messages && messages.scrollHeight - messages.scrollTop - messages.clientHeight > 120;
  const top = messages ? messages.scrollTop : 0;
  const focused = box.contains(document.activeElement);
  const open = [...box.querySelectorAll("details[open][id]")].map((details) => details.id);
  box.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const fresh = box.querySelector(".messages");
  if (fresh) fresh.scrollTop = reading ? top : fresh.scrollHeight;
  if (focused && fresh && !fresh.contains(document.activeElement)) fresh.focus({ preventScroll: true });
}

function keep(box) {
  const every = Number(box.dataset.every) || 1000;
  const again = () => refresh(box).catch(() => {}).finally(() => setTimeout(again, every));
  again();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-quiet]")) return;
  event.preventDefault();
  const field = form.querySelector("textarea");
  const body = new FormData(form);
  const picked = form.querySelector("input[type=file]");
  if (field && !field.value.trim() && !picked?.files.length) return void field.focus();
  if (field) field.value = "";
  if (picked) picked.value = "";
  showPicked(form);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok && field) {
    field.value = body.get("text");
    const problem = await answer.json().catch(() => ({ detail: "It was not sent." }));
    field.setCustomValidity(problem.detail || "It was not sent.");
    field.reportValidity();
  }
  if (answer.ok) form.closest("details.more")?.removeAttribute("open");
  if (answer.ok) lives.forEach(bottom); // what one has just sent is read from there on
  for (const box of lives) refresh(box).catch(() => {});
});

function showPicked(form) {
  const line = form.querySelector("[data-picked]");
  if (!line) return;
  const files = [...form.querySelector("input[type=file]").files];
  line.hidden = !files.length;
  line.firstElementChild.textContent = files.length > 1 ? `${files.length} files` : files[0]?.name ?? "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file]")) showPicked(event.target.form);
});

document.addEventListener("click", (event) => {
  if (!event.target.matches("[data-unpick]")) return;
  event.target.form.querySelector("input[type=file]").value = "";
  showPicked(event.target.form);
});

document.addEventListener("input", (event) => event.target.setCustomValidity?.(""));

document.addEventListener("keydown", (event) => {
  const composing = event.target.matches?.(".composer textarea") && !event.isComposing;
  if (composing && event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

for (const box of lives) {
  bottom(box);
  box.closest("details")?.addEventListener("toggle", () => refresh(box).catch(() => {}));
  keep(box);
}
