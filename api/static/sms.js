// What an SMS takes, counted while it is written. The server counts too: without this module the page says so at a look.
// GSM 03.38: one letter outside it makes the whole SMS UCS-2, with 70 letters a part in place of 160.
const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€\f]$/;
const TWO = /[\^{}\\[~\]|€\f]/g;

const odd = (text) => [...new Set([...text].filter((letter) => !GSM.test(letter)))];

function weigh(text) {
  const plain = odd(text).length === 0;
  const size = plain ? text.length + (text.match(TWO)?.length ?? 0) : text.length;
  const [one, many] = plain ? [160, 153] : [70, 67];
  const parts = size <= one ? 1 : Math.ceil(size / many);
  return { plain, parts, left: (parts === 1 ? one : parts * many) - size };
}

const why = (plain, letters) => (plain ? "" : ` · UCS-2${letters.length ? `: ${letters.slice(0, 8).join(" ")}` : ""}`);

for (const line of document.querySelectorAll("[data-parts-of]")) {
  const box = document.getElementById(line.dataset.partsOf);
  if (!box) continue;
  const price = Number(line.dataset.price ?? 0);
  const count = () => {
    const { plain, parts, left } = weigh(box.value.trim() + (line.dataset.after ?? ""));
    const cost = price ? ` · ${(price * parts).toPrecision(4).replace(/\.?0+$/, "")} ${line.dataset.currency}` : "";
    line.textContent = `${parts} SMS · ${left} ${line.dataset.left}${why(plain, odd(box.value))}${cost}`;
    line.classList.toggle("soon", parts > 2);
  };
  box.addEventListener("input", count);
  count();
}

for (const box of document.querySelectorAll("[data-odd-letters]")) {
  const line = document.getElementById(box.dataset.oddLetters);
  const show = () => {
    const found = odd(box.value);
    line.hidden = found.length === 0;
    line.textContent = `${line.dataset.text} ${found.slice(0, 12).map((letter) => (letter.trim() ? letter : "␣")).join("  ")}${found.length > 12 ? " …" : ""}`;
  };
  box.addEventListener("input", show);
  show();
}
