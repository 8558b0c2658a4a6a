// The exit survey as a tablet's program: faces → a reason, or what else the page asks → words or a number → thanks → the
// start, with or without a network. Without this script (or without what it needs) the same page is a plain form, which the server answers.
const app = document.getElementById("kiosk");
const { home, code, version } = app.dataset;
const idle = app.dataset.idle * 1000;
const lang = document.documentElement.lang;
const $ = (id) => document.getElementById(id);
const faces = app.firstElementChild;
const tools = $("tools");
const THANKS = 7_000, WITH_NUMBER = 30_000, BEAT = 300_000;
let store, db, key, visit = null, busy = false, device = {}, sending = Promise.resolve();
let warning, leaving, retry, failures = 0, aloud = false, touched = 0, chosenHand = false;

const uuid = () => crypto.randomUUID();

// Showing ------------------------------------------------------------------------------------------------------------
function show(name) {
  app.replaceChildren(name ? $(name).content.cloneNode(true) : faces);
  app.dataset.step = name || "faces";
  scrollTo(0, 0);
  const heading = app.querySelector("h1");
  if (name && heading) { heading.tabIndex = -1; heading.focus({ preventScroll: true }); }
  speak();
}

function speak() {
  if (!window.speechSynthesis) return;
  speechSynthesis.cancel();
  if (!aloud) return;
  const parts = [...app.querySelectorAll("h1, .lead, button, label")].map((part) => part.textContent.trim());
  const said = new SpeechSynthesisUtterance(parts.join(". "));
  said.lang = lang;
  said.voice = voice() ?? null;
  speechSynthesis.speak(said);
}
const voice = () => window.speechSynthesis?.getVoices().find((one) => one.lang.toLowerCase().startsWith(lang));

function setAloud(on) {
  aloud = on;
  $("listen").setAttribute("aria-pressed", on);
  speak();
}

function setHand(hand) {
  document.body.dataset.hand = hand;
  $("hand").textContent = hand === "left" ? $("hand").dataset.right : $("hand").dataset.left;
}

async function unsent() {
  const left = await store.count(db);
  $("unsent").textContent = left ? left.toLocaleString(lang) : "";
}

// Answers --------------------------------------------------------------------------------------------------------------
// The face is kept at the tap and held back until the rest is known, so each visit is one answer. If it was sent all the
// same (a tablet that slept), the rest follows under a name of its own, and the server puts the two together.
async function write(final) {
  const until = final ? 0 : Date.now() + idle + 5_000;
  const ours = !visit.written || (await store.hold(db, visit.id, Date.now() + 60_000));
  const id = ours ? visit.id : `${visit.id}/why`;
  const { rating, answers, words, phone, at } = visit;
  const sealed = await store.seal(JSON.stringify({ rating, answers, words, phone, at, language: lang }), `${code}|${id}`, key.public);
  await store.put(db, { id, key: key.id, sealed, until });
  visit.written = true;
  visit.name = id;
  unsent();
}

async function press(work) {
  if (busy) return;
  busy = true;
  try { await work(); } catch (error) { console.error(error); show("not-kept"); visit = null; leaveIn(THANKS); } finally { busy = false; }
}

async function rate(button) {
  visit ??= { id: uuid(), at: Date.now() };
  visit.rating = Number(button.value);
  visit.answers = {};
  await write(false);
  show(following());
}

async function give(code, answer) {
  visit.answers[code] = answer || null; // null: passed over
  await write(false);
  show(following());
}

function back() {
  const last = Object.keys(visit.answers).pop();
  if (last) delete visit.answers[last];
  show(last ? `ask-${last}` : "");
}

// The first question that goes with the answers so far, as surveys/flow.py has it; words come last.
function following() {
  const next = [...document.querySelectorAll("template[data-question]")].find((one) => !(one.dataset.question in visit.answers) && JSON.parse(one.dataset.when).every(holds));
  return next?.id ?? "ask-words";
}

function holds({ question, values, low, high }) {
  const answer = question === "rating" ? visit.rating : visit.answers[question];
  if (answer === undefined || answer === null) return false;
  if (values.length) return values.includes(String(answer));
  const number = Number(answer);
  return !Number.isNaN(number) && number >= (low ?? -Infinity) && number <= (high ?? Infinity);
}

async function finish(words, phone) {
  Object.assign(visit, { words: words || undefined, phone: phone || undefined });
  await write(true);
  const done = visit;
  visit = null;
  show("thanks");
  const answered = done.words && done.phone && done.rating <= 2;
  if (answered) app.querySelector(".lead").textContent = app.querySelector("[data-answered]").dataset.answered;
  leaveIn(answered ? THANKS * 2 : THANKS);
  wake();
  showNumber(done.name); // not waited for: the next person may come before the network answers
}

async function showNumber(name) {
  const thanks = app.firstElementChild;
  const number = (await send())?.references[name];
  if (number && app.firstElementChild === thanks) {
    const place = app.querySelector("[data-number]");
    app.querySelector(".lead").textContent = place.dataset.number;
    place.textContent = number;
    place.hidden = false;
    leaveIn(WITH_NUMBER);
  }
}

function wrongPhone(box) {
  const digits = box.value.normalize("NFKC").replace(/\D/gu, (letter) => (/\p{Nd}/u.test(letter) ? "0" : "")).length;
  const wrong = box.value.trim() !== "" && (digits < 6 || digits > 15);
  const note = $("phone-error");
  note.hidden = !wrong;
  box.setAttribute("aria-invalid", wrong);
  if (wrong) box.focus();
  return wrong;
}

// Sending --------------------------------------------------------------------------------------------------------------
function send() {
  sending = sending.then(async () => {
    clearTimeout(retry);
    let sent = null;
    try {
      sent = await store.flush(db, home, version);
      failures = sent.waits ? failures + 1 : 0;
    } catch (error) {
      failures += 1; // no network, or the server is busy: what waits is kept, and tried again later and later
    }
    const later = Math.min(2 ** failures * 1000, BEAT) * (0.5 + Math.random());
    // what an earlier page left unfinished is due when its hold ends; a paired tablet is heard from in any case
    if (failures || sent.left || device.token) retry = setTimeout(send, failures ? later : sent.left ? idle : BEAT);
    await heard();
    return sent;
  });
  return sending;
}

async function heard() {
  await unsent();
  key = (await store.kept(db, "key")) ?? key;
  const told = await store.kept(db, "device");
  device.hand = told?.hand;
  if (told && !chosenHand && !visit) setHand(told.hand);
  const gone = Boolean(await store.kept(db, "gone"));
  if (gone !== device.gone) { device.gone = gone; if (!visit) reset(); }
}

async function later() {
  send();
  wake();
}

async function wake() {
  const worker = await navigator.serviceWorker?.getRegistration(home);
  worker?.sync?.register("answers").catch(() => {}); // refused by a browser that asks first: the timers do it
}

// Idle -----------------------------------------------------------------------------------------------------------------
function leaveIn(time) {
  clearTimeout(warning);
  clearTimeout(leaving);
  $("soon").textContent = "";
  const dirty = visit || aloud || chosenHand || app.dataset.step !== "faces" || lang !== app.dataset.start;
  if (!dirty) return;
  const ahead = Math.min(8_000, time / 3);
  if (app.dataset.step !== "thanks") warning = setTimeout(() => ($("soon").textContent = $("soon").dataset.text), time - ahead);
  leaving = setTimeout(leave, time);
}

async function leave() {
  if (busy) return leaveIn(1_000);
  const half = visit;
  reset();
  if (half?.written) await store.hold(db, half.name, 0); // a face that was tapped is an answer; words not sent are not
  if (lang !== app.dataset.start && (navigator.serviceWorker?.controller || navigator.onLine)) return location.replace(home);
  if (half) later();
}

function reset() {
  visit = null;
  chosenHand = false;
  setHand(device.hand ?? "right");
  if (aloud) setAloud(false);
  document.activeElement?.blur();
  faces.reset();
  show(device.gone ? "stopped" : "");
  clearTimeout(warning);
  clearTimeout(leaving);
  $("soon").textContent = "";
}

function stirred() {
  if (app.dataset.step !== "thanks") leaveIn(idle);
  if (visit?.written && Date.now() - touched > idle / 3) {
    touched = Date.now();
    store.hold(db, visit.name, touched + idle + 5_000);
  }
}

// Start ----------------------------------------------------------------------------------------------------------------
const able = window.isSecureContext && crypto.subtle && window.indexedDB; // else: the plain form, which needs a network

async function pressed(form, button) {
  const step = app.dataset.step;
  if (step === "faces") await rate(button);
  else if (button.name === "go" && button.value === "back") back();
  else if (step !== "ask-words" && step.startsWith("ask-")) await give(button.name, button.value);
  else if (step !== "ask-words") return reset();
  else if (button.value === "skip") return finish();
  else if (!wrongPhone(form.phone)) return finish(form.words.value.trim(), form.phone.value.trim());
  leaveIn(idle);
}

async function begin() {
  if (location.pathname !== home) return location.replace(home + location.search);
  store = await import(app.dataset.store);
  db = await store.open(home);
  const names = ["token", "device", "gone", "key", "language"];
  const [token, told, gone, known, language] = await Promise.all(names.map((name) => store.kept(db, name)));
  const drawn = { id: app.dataset.keyId, public: app.dataset.key };
  key = (navigator.serviceWorker?.controller && known) || drawn; // a page kept for months may know an old key alone
  device = { token, gone: Boolean(gone), hand: told?.hand };
  const offered = app.dataset.languages.split(" ");
  app.dataset.start = [language, ...navigator.languages.map((one) => one.slice(0, 2))].find((one) => offered.includes(one)) ?? offered[0];
  if (!location.search && lang !== app.dataset.start) return location.replace(`${home}?lang=${app.dataset.start}`);
  document.body.classList.add("ready");
  document.body.classList.toggle("paired", Boolean(token));
  tools.hidden = false;
  setHand(told?.hand ?? "right");
  $("hand").addEventListener("click", () => { chosenHand = true; setHand(document.body.dataset.hand === "left" ? "right" : "left"); leaveIn(idle); });
  $("listen").addEventListener("click", () => { setAloud(!aloud); leaveIn(idle); });
  const offer = () => ($("listen").hidden = !voice());
  offer();
  window.speechSynthesis?.addEventListener?.("voiceschanged", offer);
  for (const link of document.querySelectorAll(".languages a")) link.addEventListener("click", (event) => {
    event.preventDefault();
    // the same step in the other language; words are not carried over, so that none ever leave this page unsealed
    if (visit) sessionStorage.setItem("visit", JSON.stringify({ ...visit, step: app.dataset.step }));
    location.replace(link.href);
  });
  for (const kind of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(kind, stirred, { passive: true });
  addEventListener("online", () => { failures = 0; later(); });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
  addEventListener("pagehide", () => { app.replaceChildren(faces); faces.reset(); });
  addEventListener("pageshow", (event) => event.persisted && leave());
  const moved = sessionStorage.getItem("visit");
  sessionStorage.removeItem("visit");
  app.dataset.step = "faces";
  if (device.gone) show("stopped");
  else if (moved) {
    const { step, ...rest } = JSON.parse(moved);
    visit = rest;
    show(step === "faces" ? "" : step);
  }
  leaveIn(idle);
  send();
  const saving = navigator.connection?.saveData || /2g/.test(navigator.connection?.effectiveType ?? "");
  if (navigator.serviceWorker && (token || !saving)) install();
}

async function install() {
  try {
    const had = navigator.serviceWorker.controller;
    const worker = await navigator.serviceWorker.register(`${home}/worker.js`, { scope: home, type: "module", updateViaCache: "none" });
    setInterval(() => worker.update().catch(() => {}), 12 * BEAT); // without a network there is nothing new
    navigator.serviceWorker.addEventListener("controllerchange", () => { if (had && !visit && app.dataset.step === "faces") location.replace(location.href); });
  } catch (error) {
    console.warn("This browser cannot start the page without a network.", error);
  }
}

// A press that comes before all is ready waits for it; where it fails, the form goes its plain way.
const ready = able ? begin() : null;
if (able) app.addEventListener("submit", (event) => {
  event.preventDefault();
  const { target: form, submitter: button } = event;
  ready.then(
    () => press(() => pressed(form, button)),
    () => { form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value })); form.submit(); },
  );
});
ready?.catch((error) => console.error("The plain form is used.", error));
