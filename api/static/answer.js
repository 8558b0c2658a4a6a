// The answer box while one writes: the draft is kept on the server, what it will look like is shown, saved replies are picked by
// typing, and colleagues see who is at it. Without this module all of it is there after a press of a button.
const form = document.getElementById("answer-form");
const box = document.getElementById("answer");
const KEEP = 900; // ms without a key after which the draft is kept
const BEAT = 25_000; // ms; a presence is gone after 60 s
const WRITING = 30_000; // ms since the last key within which one is writing

if (form && box) {
  const csrf = form.querySelector("[name=csrf]").value;
  const reply = document.getElementById("reply");
  const look = document.getElementById("answer-look");
  const send = (address, fields) => fetch(address, { method: "POST", body: new URLSearchParams({ csrf, ...fields }), redirect: "error", keepalive: true });
  let timer = 0;
  let typedAt = 0;
  let sending = false;
  let latest = 0;

  const keep = async () => {
    const mine = ++latest;
    try {
      const answer = await send(form.dataset.keep, { text: box.value, reply: reply.value });
      if (!answer.ok || mine !== latest || sending) return;
      const html = await answer.text();
      const open = look.querySelector("details")?.open;
      look.innerHTML = html;
      const fold = look.querySelector("details");
      if (fold && open) fold.open = true;
    } catch {
      // no network: the box itself still has the words, and the next key tries again
    }
  };
  box.addEventListener("input", () => {
    typedAt = Date.now();
    document.getElementById("draft")?.remove();
    form.querySelector("[name=as_it_is]")?.remove(); // what was warned about were other words
    clearTimeout(timer);
    timer = setTimeout(keep, KEEP);
  });
  form.addEventListener("submit", () => {
    sending = true;
    clearTimeout(timer);
  });

  const beat = () => {
    if (form.dataset.here && !document.hidden) send(form.dataset.here, { doing: Date.now() - typedAt < WRITING ? "writing" : "reading" }).catch(() => {});
  };
  beat(); // the page before may have said good-bye for the same person a moment ago
  setInterval(beat, BEAT);
  document.addEventListener("visibilitychange", beat);
  addEventListener("pagehide", () => {
    if (timer && !sending && typedAt) navigator.sendBeacon(form.dataset.keep, new URLSearchParams({ csrf, text: box.value, reply: reply.value }));
    if (form.dataset.here) navigator.sendBeacon(form.dataset.here, new URLSearchParams({ csrf, doing: "gone" }));
  });

  // saved replies
  const fold = document.getElementById("replies");
  const links = [...document.querySelectorAll("[data-reply]")];
  const words = document.getElementById("replies-words");
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const shown = () => links.filter((link) => !link.parentElement.hidden);
  const put = (link) => {
    const before = box.value.slice(0, box.selectionStart);
    const after = box.value.slice(box.selectionEnd);
    const text = link.dataset.text;
    box.value = box.value.trim() ? before + text + after : text;
    reply.value = link.dataset.reply;
    fold.open = false;
    box.focus();
    const end = box.value.length - (box.value === text ? 0 : after.length);
    box.setSelectionRange(end, end);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const link of links)
    link.addEventListener("click", (event) => {
      event.preventDefault();
      put(link);
    });
  if (words) {
    document.getElementById("replies-find").hidden = false;
    words.addEventListener("input", () => {
      const wanted = plain(words.value).split(/\s+/).filter(Boolean);
      for (const link of links) {
        const text = plain(link.textContent + link.dataset.text);
        link.parentElement.hidden = !wanted.every((word) => text.includes(word));
      }
    });
    fold.addEventListener("keydown", (event) => {
      const all = shown();
      const at = all.indexOf(document.activeElement);
      if (event.key === "Enter" && document.activeElement === words) {
        event.preventDefault();
        if (all[0]) put(all[0]);
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const next = at + (event.key === "ArrowDown" ? 1 : -1);
        (next < 0 ? words : all[Math.min(next, all.length - 1)])?.focus();
      } else if (event.key === "Escape") {
        fold.open = false;
        box.focus();
      }
    });
  }
}

// what came meanwhile was read: what is sent from now on was written knowing of it
document.addEventListener("click", (event) => {
  const seen = event.target.closest("[data-seen]");
  if (!seen) return;
  for (const version of document.querySelectorAll("input[name=version]")) version.value = seen.dataset.seen;
  const part = seen.closest("[data-live]");
  if (part) part.dataset.live = part.dataset.live.replace(/seen=\d+/, `seen=${seen.dataset.seen}`);
  seen.closest(".notice")?.remove();
});
