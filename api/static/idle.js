// A kiosk left alone goes back to its first page, so that the next person finds the question.
const form = document.querySelector("[data-idle]");
let timer;
const wait = () => {
  clearTimeout(timer);
  timer = setTimeout(() => location.assign(form.dataset.idleTo), form.dataset.idle * 1000);
};
for (const event of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(event, wait, { passive: true });
wait();
