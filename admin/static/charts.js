// Charts: the value of the column under the pointer or the focus, and the arrow keys from column to column.
"use strict";
{
const reading = (column) => column?.closest(".chart")?.querySelector("[data-reading]");
const tell = (event) => {
  const column = event.target.closest?.(".chart .column");
  const place = reading(column);
  if (place) place.textContent = column.querySelector("title").textContent;
};
document.addEventListener("pointerover", tell);
document.addEventListener("focusin", tell);
document.addEventListener("keydown", (event) => {
  const column = event.target.closest?.("a.column");
  if (!column) return;
  const all = [...column.parentElement.querySelectorAll("a.column")], at = all.indexOf(column);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || !all[to]) return;
  event.preventDefault();
  column.setAttribute("tabindex", "-1");
  all[to].removeAttribute("tabindex");
  all[to].focus();
});
}
