// What is being written on the wall stays there while one goes on, back or reloads: in this tab alone, until it is kept or the tab is
// shut. Only what differs from what the page came with is put back, so it never undoes what somebody else wrote meanwhile.
const NAME = "ombud-wall";
const wall = document.querySelector("[data-wall]");
const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "submit"].includes(field.type));
const ticked = (field) => field.type === "checkbox";
const first = (field) =>
  ticked(field)
    ? field.defaultChecked
    : field.options
      ? ([...field.options].find((one) => one.defaultSelected) ?? field.options[0]).value
      : field.defaultValue;
const value = (field) => (ticked(field) ? field.checked : field.value);

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
  } catch {
    return {}; // a browser that keeps nothing, or something else under our name
  }
}
function write(kept) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // full, or not allowed: then it is as without this script
  }
}

if (wall) {
  const forms = [...document.querySelectorAll("main form")].map((form) => [form, new URL(form.action).pathname]);
  const here = wall.dataset.wall;
  const wrong = document.getElementById("errors");
  if (new URLSearchParams(location.search).has("said")) {
    const kept = read();
    for (const name of Object.keys(kept)) if (kept[name].at === here) delete kept[name];
    write(kept);
  }
  const kept = read();
  for (const [form, name] of forms) {
    for (const field of fields(form)) {
      const was = kept[name]?.fields[field.name];
      if (was === undefined || value(field) !== first(field)) continue;
      if (ticked(field)) field.checked = was;
      else field.value = was;
      if (!wrong) field.closest("details")?.setAttribute("open", "");
    }
    form.addEventListener("input", () => {
      // with mistakes the page came with what was typed, and the next one will not
      const typed = (field) => (wrong && !ticked(field) ? Boolean(value(field)) : value(field) !== first(field));
      const changed = fields(form).filter(typed);
      const all = read();
      if (changed.length) all[name] = { at: here, fields: Object.fromEntries(changed.map((one) => [one.name, value(one)])) };
      else delete all[name];
      write(all);
    });
  }
  // a page with mistakes came by sending: its own address would send again, or lead nowhere
  if (wrong) {
    history.replaceState(null, "", here);
    (document.querySelector("[aria-invalid=true]") ?? wrong).focus();
  }
}
