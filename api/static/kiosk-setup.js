// For staff, on the tablet: pairing, and behind a PIN what waits, which hand, which language. Works without a network.
const root = document.getElementById("setup");
const { home, version } = root.dataset;
const $ = (id) => document.getElementById(id);
const IDLE = 60_000, TRIES = 5, LOCK = 60_000;
let store, db, leaving;

const secure = window.isSecureContext && Boolean(crypto.subtle);
const checks = () => [
  [secure, "Answers can be sealed on this tablet.", "This address is not secure (https), so answers cannot be kept here: the page works as a plain form, with a network only. Ask whoever runs Ombud to serve it over https."],
  [Boolean(window.indexedDB), "Answers can be kept without a network.", "This browser keeps nothing (a private window?). Open a normal one."],
  [Boolean(navigator.serviceWorker), "The page starts without a network.", "This browser cannot start the page without a network. Use a current Chrome, Edge or Safari."],
  [navigator.onLine, "There is a network now.", "There is no network now. Pairing needs one."],
];

function say(words, tone = "well") {
  $("told").className = `notice ${tone}`;
  $("told").textContent = words;
  $("told").hidden = false;
}

function open(name) {
  for (const section of root.querySelectorAll("section")) section.hidden = section.id !== name;
  $(name).querySelector("input, button")?.focus();
}

async function hashed(pin, salt) {
  const bytes = new TextEncoder().encode(pin);
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 200_000 }, key, 256);
  return String(new Uint8Array(bits));
}

async function post(action, body, token) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(`${home}/${action}`, { method: "POST", credentials: "omit", headers, body: JSON.stringify(body) });
  const told = await response.json();
  if (!response.ok) throw new Error(`${told.detail ?? "This did not work."} ${told.mend ?? ""}`.trim());
  return told;
}

const lost = (error) => (error instanceof TypeError ? "There is no network. Try again when there is one." : error.message);

async function pair(event) {
  event.preventDefault();
  const pin = $("new-pin").value.trim();
  if (pin.length < 4) return say("Choose a PIN of four digits or more.", "late");
  try {
    const { token, device, key } = await post("pair", { code: $("code").value, version });
    const salt = crypto.getRandomValues(new Uint8Array(16));
    await store.keep(db, { token, device, key, gone: false, tries: 0, pin: { salt, hash: await hashed(pin, salt) } });
    await navigator.storage?.persist?.();
    event.target.reset();
    await navigator.serviceWorker?.register(`${home}/worker.js`, { scope: home, type: "module", updateViaCache: "none" });
    say(`Paired as ${device.name}.`);
    await panel();
    await sendNow();
  } catch (error) {
    say(lost(error), "late");
  }
}

async function unlock(event) {
  event.preventDefault();
  const [pin, tries = 0, locked = 0] = await Promise.all(["pin", "tries", "locked"].map((name) => store.kept(db, name)));
  if (Date.now() < locked && locked < Date.now() + 2 * LOCK) return say("Too many wrong PINs. Wait a minute.", "late");
  const right = (await hashed($("pin").value.trim(), pin.salt)) === pin.hash;
  event.target.reset();
  await store.keep(db, right ? { tries: 0 } : { tries: (tries + 1) % TRIES, locked: tries + 1 >= TRIES ? Date.now() + LOCK : 0 });
  if (!right) return say("That is not this tablet's PIN. Without it: revoke the tablet on the page Tablets, and pair it anew.", "late");
  $("told").hidden = true;
  await panel();
}

async function facts() {
  const [device, synced, gone, language, answers] = await Promise.all([
    ...["device", "synced", "gone", "language"].map((name) => store.kept(db, name)), store.all(db)]);
  const bad = answers.filter((answer) => answer.bad).length;
  $("name").textContent = device?.name ?? "";
  $("waiting").textContent = `${answers.length}${bad ? `, of which ${bad} cannot be read` : ""}`;
  $("discard").hidden = !bad;
  $("synced").textContent = synced ? new Date(synced).toLocaleString("en-GB") : "never";
  const worker = await navigator.serviceWorker?.getRegistration(home);
  $("offline").textContent = worker?.active ? "yes" : "not yet: stay a moment with a network";
  $("hand-of").value = device?.hand ?? "right";
  if (language) $("language-of").value = language;
  if (gone) say("This tablet was revoked: nothing more is taken from it. What waits stays sealed here, and is sent when it is paired again.", "late");
  return gone;
}

async function panel() {
  open("panel");
  navigator.serviceWorker?.ready.then(facts);
  if (await facts()) { open("pairing"); showChecks(); }
}

async function sendNow() {
  try {
    const { left, waits } = await store.flush(db, home, version);
    if (waits) say("Not everything could be sent. It is kept and tried again.", "soon");
    else if (left) say("What is finished was sent.");
    else say("Everything was sent.");
  } catch (error) {
    say("There is no network, or the server is busy. What waits is kept.", "soon");
  }
  await facts();
}

async function unpair() {
  const waiting = await store.count(db);
  const token = await store.kept(db, "token");
  if (waiting && !confirm(`${waiting} answers still wait here. They stay sealed, and are sent as answers without a tablet. Unpair?`)) return;
  try {
    await post("unpair", {}, token);
  } catch (error) {
    return say(`${lost(error)} Unpairing needs a network; a tablet that is gone is revoked on the page Tablets.`, "late");
  }
  await store.forget(db, ["token", "device", "pin", "gone", "tries", "locked", "newHand", "synced"]);
  say("Unpaired.");
  showChecks();
  open("pairing");
}

function showChecks() {
  $("checks").replaceChildren(...checks().map(([good, well, mend]) => {
    const line = document.createElement("li");
    line.className = good ? "well" : "late";
    line.textContent = `${good ? "✓" : "✗"} ${good ? well : mend}`;
    return line;
  }));
}

async function begin() {
  showChecks();
  if (!secure || !window.indexedDB) {
    open("pairing");
    $("pair").hidden = true;
    return;
  }
  store = await import(root.dataset.store);
  db = await store.open(home);
  $("pair").addEventListener("submit", pair);
  $("unlock").addEventListener("submit", unlock);
  $("send").addEventListener("click", sendNow);
  $("unpair").addEventListener("click", unpair);
  $("discard").addEventListener("click", async () => {
    const bad = (await store.all(db)).filter((answer) => answer.bad).map((answer) => answer.id);
    await store.drop(db, bad);
    await facts();
  });
  $("hand-of").addEventListener("change", async (event) => {
    const hand = event.target.value;
    await store.keep(db, { newHand: hand, device: { ...(await store.kept(db, "device")), hand } });
    await sendNow();
  });
  $("language-of").addEventListener("change", (event) => store.keep(db, { language: event.target.value }));
  const given = new URLSearchParams(location.hash.slice(1)).get("code");
  if (given) {
    history.replaceState(null, "", location.pathname); // a code is no address to come back to
    $("code").value = given;
  }
  const [token, pin] = await Promise.all([store.kept(db, "token"), store.kept(db, "pin")]);
  open(token && pin && !given ? "asking" : "pairing");
  if (!token) return;
  const wait = () => { clearTimeout(leaving); leaving = setTimeout(() => location.replace(home), IDLE); };
  for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, wait, { passive: true });
  wait();
}

begin();
