// Starts a kiosk without a network, and sends what waits when the browser says there is one. What to keep, and the
// version of it, stand in the office's own worker.js, which imports this.
export function start({ home, version, languages, files }, store) {
  const name = `ombud${home} ${version}`;
  const pages = [...languages.map((lang) => `${home}?lang=${lang}`), `${home}/setup`];

  const fill = async () => {
    const cache = await caches.open(name);
    const put = async (url, from = url) => {
      const answer = await fetch(from, { cache: "no-cache", credentials: "omit" });
      if (!answer.ok || answer.redirected) throw new Error(`${from}: ${answer.status}`);
      await cache.put(url, answer);
    };
    await Promise.all([...files.map((url) => put(url)), ...pages.map((url) => put(url, url.includes("?") ? `${url}&shell=1` : url))]);
    await self.skipWaiting();
  };

  const takeOver = async () => {
    for (const old of await caches.keys()) if (old.startsWith(`ombud${home} `) && old !== name) await caches.delete(old);
    await self.clients.claim();
  };

  const chosen = async (url) => {
    const wanted = [url.searchParams.get("lang"), await store.open(home).then((db) => store.kept(db, "language")), ...navigator.languages];
    return wanted.map((lang) => lang?.slice(0, 2)).find((lang) => languages.includes(lang)) ?? languages[0];
  };

  const page = async (request, url) => {
    const cache = await caches.open(name);
    const found = await cache.match(url.pathname === home ? `${home}?lang=${await chosen(url)}` : url.pathname);
    return found ?? fetch(request);
  };

  const file = async (request) => (await (await caches.open(name)).match(request)) ?? fetch(request);

  self.addEventListener("install", (event) => event.waitUntil(fill()));
  self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
  self.addEventListener("sync", (event) => {
    if (event.tag === "answers") event.waitUntil(store.open(home).then((db) => store.flush(db, home, version)));
  });
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== location.origin) return;
    if (request.mode === "navigate") {
      // another office whose code begins like ours lies in our scope too, and is none of our business
      if (url.pathname === home || url.pathname === `${home}/setup`) event.respondWith(page(request, url));
    } else if (files.includes(url.pathname + url.search)) event.respondWith(file(request));
  });
}
