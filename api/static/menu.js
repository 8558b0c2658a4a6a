// Closes the menu at Escape, at a click elsewhere and when the focus leaves it. Without this module it stays open until
// it is pressed again.
const menu = document.querySelector(".menu");
const close = () => menu.removeAttribute("open");

if (menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) close();
  });
}
