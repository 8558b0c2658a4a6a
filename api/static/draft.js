// A report that is being written: kept on this device until it was sent (its words and choices, never a name or number), and not
// lost where there is no network. Counts the letters left. Without it the pages work the same.
const KEY = "ombud-report";
const KEPT = ["text", "about_staff", "service", "place", "office", "spot", "form_id", "started"];
const DAY = 24 * 60 * 60 * 1000;
const all = (selector, each) => document.querySelectorAll(selector).forEach(each);
const show = (selector, shown) => all(selector, (element) => (element.hidden = !shown));

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return kept && Date.now() - kept.at < DAY ? kept.fields : null;
  } catch {
    return null; // a browser that keeps nothing, or something else under our name
  }
}
function write(fields) {
  try {
    if (fields) localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), fields }));
    else localStorage.removeItem(KEY);
  } catch {
    // full, or not allowed: then it is as without this script
  }
}

const form = document.querySelector("form[data-draft]");
if (form) {
  const field = (name) => form.querySelector(`[name="${name}"]`);
  const text = field("text");
  const first = Object.fromEntries(["form_id", "started"].map((name) => [name, field(name).value]));
  const kept = read();
  const keep = () => {
    const now = new FormData(form);
    const fields = Object.fromEntries(KEPT.filter((name) => now.get(name)).map((name) => [name, now.get(name)]));
    if (fields.text) write(fields);
  };
  if (form.dataset.draft === "what") {
    show("[data-draft-says]", true);
    if (kept?.text && !text.value) {
      for (const name of KEPT) {
        const input = field(name);
        if (input?.type === "checkbox") input.checked = input.checked || input.value === kept[name];
        else if (kept[name] && (!input.value || name in first)) input.value = kept[name];
      }
      show("[data-draft-notice]", true);
    }
  }
  all("[data-draft-delete]", (button) =>
    button.addEventListener("click", () => {
      write(null);
      form.reset();
      for (const name of KEPT) if (field(name) && field(name).type !== "checkbox") field(name).value = first[name] ?? "";
      show("[data-draft-notice]", false);
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    }),
  );
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => {
    keep();
    if (navigator.onLine) return;
    event.preventDefault();
    show("[data-offline]", true);
    document.querySelector("[data-offline]").scrollIntoView({ block: "center" });
  });
  addEventListener("online", () => show("[data-offline]", false));
}
if (document.querySelector("[data-draft-clear]")) write(null);

all("input[type=file][data-largest]", (input) =>
  input.addEventListener("change", () => {
    const tooLarge = [...input.files].some((file) => file.size > Number(input.dataset.largest));
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    input.reportValidity();
  }),
);
all("[data-count-of]", (counter) => {
  const box = document.getElementById(counter.dataset.countOf);
  const count = () => {
    const left = box.maxLength - box.value.length;
    counter.hidden = left > 500;
    counter.textContent = counter.dataset.countText.replace("%(left)s", left.toLocaleString(document.documentElement.lang));
  };
  box.addEventListener("input", count);
  count();
});
document.getElementById("errors")?.focus();
