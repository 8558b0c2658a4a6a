// Keeps parts of a page fresh: each asks its data-live address, and is swapped only when it changed and nobody types or listens in
// it. Parts with data-live-on do so when the server says that there is something new; where no stream can be had, every few seconds.
const FIRST = 5000; // ms between two looks of a part that does not say
const CALM = 30_000; // ms between two looks while the server tells
const parts = [];
let told = false; // the stream is open

const dirty = (field) => (field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.value !== field.defaultValue);
const busy = (part) =>
  part.querySelector("textarea:focus, input:focus, select:focus") ||
  [...part.querySelectorAll("textarea, input:not([type=hidden]), select")].some(dirty) ||
  [...part.querySelectorAll("audio, video")].some((player) => !player.paused);

class Part {
  constructor(element) {
    this.element = element;
    this.on = element.dataset.liveOn ?? "";
    this.every = Number(element.dataset.liveEvery ?? FIRST);
    this.tag = "";
    this.failures = 0;
    this.wanted = false;
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    const every = told && this.on ? CALM : this.every;
    this.timer = setTimeout(() => this.refresh(), Math.min(every * 2 ** this.failures, 60_000));
  }

  async refresh() {
    clearTimeout(this.timer);
    if (!document.hidden) await this.look();
    else this.wanted = true;
    this.wait();
  }

  async look() {
    this.wanted = false;
    try {
      const answer = await fetch(this.element.dataset.live, { headers: this.tag ? { "If-None-Match": this.tag } : {}, cache: "no-store", redirect: "error" });
      this.failures = 0;
      if (answer.status !== 200) return;
      const html = await answer.text();
      if (html.trim() === this.element.dataset.liveLast) return;
      if (busy(this.element)) {
        this.wanted = true; // asked for again when its hands are free
        return;
      }
      this.tag = answer.headers.get("ETag") ?? "";
      this.swap(html);
    } catch {
      this.failures += 1;
    }
  }

  swap(html) {
    const part = this.element;
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const selector = active?.dataset.row ? `[data-row="${active.dataset.row}"]` : active?.id ? `#${active.id}` : "";
    const top = part.scrollTop;
    const open = [...part.querySelectorAll("details")].map((fold) => fold.open);
    part.innerHTML = html;
    part.dataset.liveLast = html.trim();
    part.scrollTop = top;
    part.querySelectorAll("details").forEach((fold, number) => {
      if (open[number]) fold.open = true;
    });
    if (selector) part.querySelector(selector)?.focus({ preventScroll: true });
  }
}

for (const element of document.querySelectorAll("[data-live]")) parts.push(new Part(element));

// One stream for the page; a hidden page lets go of it, since browsers open only a few to one place.
const address = document.querySelector("[data-stream]")?.dataset.stream;
let stream = null;
const listen = () => {
  if (!address || stream || document.hidden || !("EventSource" in window)) return;
  stream = new EventSource(address);
  stream.addEventListener("open", () => (told = true));
  stream.addEventListener("error", () => {
    told = false;
    if (stream?.readyState === EventSource.CLOSED) stream = null; // refused: the parts look by themselves
    parts.forEach((part) => part.wait());
  });
  stream.addEventListener("over", () => {
    stream.close();
    stream = null;
    told = false;
  });
  for (const kind of ["queue", "case", "here", "notice"])
    stream.addEventListener(kind, () => parts.filter((part) => part.on === kind).forEach((part) => part.refresh()));
};
listen();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
    told = false;
  } else {
    listen();
    parts.filter((part) => part.wanted).forEach((part) => part.refresh());
  }
});
document.addEventListener("focusout", () => setTimeout(() => parts.filter((part) => part.wanted).forEach((part) => part.refresh())));
