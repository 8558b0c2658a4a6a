// What a kiosk keeps and how it is sent; shared by the page and by the service worker, which sends when the page is gone.
// An answer is sealed before it is kept: this device cannot read its own queue. See core/sealing.py for the other side.
const P256 = { name: "ECDH", namedCurve: "P-256" };
const HELD_AT_MOST = 600_000; // a hold longer than ten minutes can only be a clock that was put back
const PATIENCE = 20_000;

const text = (words) => new TextEncoder().encode(words);
const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...new Uint8Array(part)]));
const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const decode = (words) => Uint8Array.from(atob(words.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const asked = (request) => new Promise((yes, no) => ((request.onsuccess = () => yes(request.result)), (request.onerror = () => no(request.error))));
const ended = (work) => new Promise((yes, no) => ((work.oncomplete = yes), (work.onerror = work.onabort = () => no(work.error))));

export function open(home) {
  const request = indexedDB.open(`ombud${home}`, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("answers", { keyPath: "id" });
    request.result.createObjectStore("kept");
  };
  return asked(request);
}

const read = (db, from) => db.transaction(from).objectStore(from);
// strict: the citizen is shown the next question only when the disk has the answer, not a cache that a pulled plug empties
const writing = (db, to) => db.transaction(to, "readwrite", { durability: "strict" });

export const kept = (db, name) => asked(read(db, "kept").get(name));
export async function keep(db, values) {
  const work = writing(db, "kept");
  for (const [name, value] of Object.entries(values)) work.objectStore("kept").put(value, name);
  await ended(work);
}
export async function forget(db, names) {
  const work = writing(db, "kept");
  for (const name of names) work.objectStore("kept").delete(name);
  await ended(work);
}
export const count = (db) => asked(read(db, "answers").count());
export const all = (db) => asked(read(db, "answers").getAll());

export async function put(db, answer) {
  const work = writing(db, "answers");
  work.objectStore("answers").put(answer);
  await ended(work);
}

export async function drop(db, ids) {
  const work = writing(db, "answers");
  for (const id of ids) work.objectStore("answers").delete(id);
  await ended(work);
}

// Keep an unfinished answer from being sent until a moment; false when it has been taken for sending already.
export async function hold(db, id, until) {
  const work = writing(db, "answers");
  const answers = work.objectStore("answers");
  const answer = await asked(answers.get(id));
  const ours = Boolean(answer && !answer.taken);
  if (ours) answers.put({ ...answer, until });
  await ended(work);
  return ours;
}

export async function seal(words, about, key) {
  const { subtle } = crypto;
  const theirs = decode(key);
  const fresh = await subtle.generateKey(P256, false, ["deriveBits"]);
  const point = new Uint8Array(await subtle.exportKey("raw", fresh.publicKey));
  const secret = await subtle.deriveBits({ name: "ECDH", public: await subtle.importKey("raw", theirs, P256, false, []) }, fresh.privateKey, 256);
  const stretched = await subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: joined(point, theirs), info: text("ombud sealed answer 1") },
    await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]),
    { name: "AES-GCM", length: 256 }, false, ["encrypt"],
  );
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  // padded, so that the length of what waits does not tell who wrote words and who only tapped
  const padded = text(words.padEnd(Math.ceil(words.length / 256) * 256));
  const body = await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: text(about) }, stretched, padded);
  return encode(joined([1], point, nonce, body));
}

// One sender at a time, of all tabs and the worker. Where the browser has no locks the server still counts each once.
const alone = (home, work) => (navigator.locks ? navigator.locks.request(`ombud${home}`, work) : work());

const due = (answer, now) => !answer.bad && !(answer.until > now && answer.until < now + HELD_AT_MOST);

// Send what is due; a paired tablet is heard from even with nothing to send. Throws when there is no network.
// Gives { left: how many may still go, waits: whether some must be tried again, references: {id: reference} }.
export const flush = (db, home, version) => alone(home, async () => {
  const [token, hand] = await Promise.all([kept(db, "token"), kept(db, "newHand")]);
  const references = {};
  let waits = false;
  for (let first = true, size = 50; ; first = false) {
    const now = Date.now();
    const waiting = await all(db);
    const some = waiting.filter((answer) => due(answer, now)).slice(0, size);
    if (!some.length && !(first && token)) break;
    const work = writing(db, "answers");
    for (const answer of some) work.objectStore("answers").put({ ...answer, taken: true });
    await ended(work);
    const response = await fetch(`${home}/answers`, {
      method: "POST", credentials: "omit", cache: "no-store", signal: AbortSignal.timeout?.(PATIENCE),
      headers: { Accept: "application/json", "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ now: Date.now(), waiting: waiting.length, version, ...(hand && { hand }), answers: some.map(({ id, key, sealed }) => ({ id, key, sealed })) }),
    });
    if (response.status === 413 && size > 1) { size = Math.ceil(size / 4); continue; }
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const told = await response.json();
    const gone = Boolean(told.device?.gone);
    await keep(db, { gone, key: told.key, ...(!gone && { synced: Date.now() }), ...(told.device && !gone && { device: told.device }) });
    if (hand) await forget(db, ["newHand"]);
    if (gone) { waits = true; break; }
    const states = new Map(told.results.map((result) => [result.id, result]));
    const sorting = writing(db, "answers");
    for (const answer of some) {
      const state = states.get(answer.id)?.state;
      if (state === "stored") sorting.objectStore("answers").delete(answer.id);
      else if (state === "bad") sorting.objectStore("answers").put({ ...answer, taken: true, bad: true });
      else waits = true;
      if (states.get(answer.id)?.reference) references[answer.id] = states.get(answer.id).reference;
    }
    await ended(sorting);
    if (waits) break;
  }
  return { left: (await all(db)).filter((answer) => !answer.bad).length, waits, references };
});
