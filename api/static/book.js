// A page of the complaint book, keyed fast: Enter and Tab move on, a new row comes by itself, rows are pasted from a
// spreadsheet, and what is not kept yet survives a closed window. Without scripts there are ten plain rows.
const form = document.getElementById("page-form");
const body = form.querySelector("tbody");
const note = document.getElementById("draft-note");
const key = form.dataset.draftKey;
const columns = ["said_on", "text", "name", "contact", "answered"];
const most = 60;

const rows = () => [...body.querySelectorAll("tr[data-place]")];
const fields = (row) => columns.map((name) => row.querySelector(`[data-column="${name}"]`));
const cells = () => [...body.querySelectorAll("[data-column]")];
const empty = (row) => fields(row).every((field) => !field.value.trim());

function add() {
  const last = rows().at(-1);
  const place = Number(last.dataset.place) + 1;
  if (place >= most) return null;
  const row = last.cloneNode(true);
  row.dataset.place = place;
  row.querySelector("th").textContent = place + 1;
  for (const field of fields(row)) {
    const name = `${field.dataset.column}-${place}`;
    const label = field.getAttribute("aria-label").replace(/\d+$/, place + 1);
    field.id = field.name = name;
    field.value = "";
    field.setAttribute("aria-label", label);
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    field.closest("td").classList.remove("wrong");
    field.closest("td").querySelector(".cell-label").htmlFor = name;
    field.closest("td").querySelector(".error-text")?.remove();
  }
  last.after(row);
  return row;
}

// The day of the row above, so that a page written on one day is typed without it.
function begin(row) {
  const at = rows().indexOf(row);
  const [day] = fields(row);
  if (at > 0 && !day.value) day.value = fields(rows()[at - 1])[0].value;
}

function onward(field) {
  const all = cells();
  const next = all[all.indexOf(field) + 1];
  if (next) return next;
  const row = add();
  return row && fields(row)[0];
}

body.addEventListener("keydown", (event) => {
  const field = event.target.closest("[data-column]");
  if (!field) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=keep]"));
  } else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && !event.shiftKey && !cells().at(-1).matches(":not(:focus)"))) {
    const leaving = field.closest("tr");
    const next = onward(field);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select?.();
    const arrived = next.closest("tr");
    if (arrived !== leaving && arrived.dataset.place && !empty(leaving)) {
      begin(arrived);
      next.select?.();
    }
  }
});

body.addEventListener("paste", (event) => {
  const field = event.target.closest("[data-column]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!field || !field.closest("tr[data-place]") || !text.includes("\t")) return;
  event.preventDefault();
  let row = field.closest("tr");
  const first = columns.indexOf(field.dataset.column);
  for (const line of text.replace(/\r/g, "").replace(/\n+$/, "").split("\n")) {
    if (!row) break;
    line.split("\t").forEach((value, at) => {
      const target = fields(row)[first + at];
      if (target) target.value = value.trim().replace(/^"(.*)"$/, "$1");
    });
    row = rows()[rows().indexOf(row) + 1] ?? add();
  }
  keep();
});

// What is typed is kept in this browser until the page is kept by the server.
function keep() {
  const typed = rows().filter((row) => !empty(row)).map((row) => fields(row).map((field) => field.value));
  try {
    if (typed.length) localStorage.setItem(key, JSON.stringify(typed));
    else localStorage.removeItem(key);
  } catch {
    return; // a browser that keeps nothing: the form works all the same
  }
  note.textContent = typed.length ? "Kept in this browser until you keep the page." : "";
}

function restore() {
  let typed = [];
  try {
    typed = JSON.parse(localStorage.getItem(key) ?? "[]");
  } catch {
    return;
  }
  if (!Array.isArray(typed) || !typed.length) return;
  let row = rows()[0];
  for (const values of typed) {
    if (!row) break;
    fields(row).forEach((field, at) => (field.value = values[at] ?? ""));
    row = rows()[rows().indexOf(row) + 1] ?? add();
  }
  note.textContent = "Rows you had not kept are here again.";
}

const answered = document.querySelector(".notice.well, #errors, .notice.soon");
const sent = sessionStorage.getItem(key);
if (sent && answered) localStorage.removeItem(key); // the server has answered: what is wrong stands in the form again
sessionStorage.removeItem(key);
if (rows().every(empty)) restore();
body.addEventListener("input", keep);
form.addEventListener("submit", () => sessionStorage.setItem(key, "sent"));
(rows().flatMap(fields).find((field) => field.hasAttribute("aria-invalid")) ?? fields(rows()[0])[0])?.focus();
