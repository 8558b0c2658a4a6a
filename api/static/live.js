// Keeps a part of the page fresh: asks its data-live address, and swaps the part only when it changed and nobody is typing in it.
for (const part of document.querySelectorAll("[data-live]")) {
  const every = Number(part.dataset.liveEvery ?? 5000);
  let tag = "";
  let failures = 0;
  const keep = () => {
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    return { selector: active?.dataset.row ? `[data-row="${active.dataset.row}"]` : active?.id ? `#${active.id}` : "", top: part.scrollTop };
  };
  const refresh = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", redirect: "error" });
        failures = 0;
        if (answer.status === 200) {
          tag = answer.headers.get("ETag") ?? "";
          const html = await answer.text();
          if (html.trim() !== part.dataset.liveLast && !part.querySelector("textarea:focus, input:focus, select:focus")) {
            const before = keep();
            part.innerHTML = html;
            part.dataset.liveLast = html.trim();
            part.scrollTop = before.top;
            if (before.selector) part.querySelector(before.selector)?.focus({ preventScroll: true });
          }
        }
      } catch {
        failures += 1;
      }
    }
    setTimeout(refresh, Math.min(every * 2 ** failures, 60000));
  };
  setTimeout(refresh, every);
}
