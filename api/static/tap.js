// The answer that a message's link chose is sent at once where a person looks at it: no preview, no scanner of mails that
// draws the page unseen, and not again when one comes back to the page.
const form = document.querySelector("[data-tap]");
const [arrival] = performance.getEntriesByType("navigation");
function send() {
  if (document.prerendering || document.visibilityState !== "visible" || navigator.webdriver) return;
  document.removeEventListener("visibilitychange", send);
  form.submit();
}
if (arrival?.type === "navigate") {
  document.addEventListener("visibilitychange", send);
  document.addEventListener("prerenderingchange", send);
  send();
}
