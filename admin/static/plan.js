// The plan of a reprocess.
"use strict";
// Another choice of groups has another plan, which is asked for before anything is sent. The server sends nothing either.
document.addEventListener("change", (event) => {
  if (!event.target.matches("input[name=take]")) return;
  const { form } = event.target, { update } = form.elements, send = $("button:not([name])", form);
  const other = [...form.elements].some((each) => each.name === "take" && each.checked !== each.defaultChecked);
  send.dataset.nothing ??= send.disabled;
  send.disabled = other || send.dataset.nothing === "true";
  for (const [button, next] of [[update, other], [send, !other]]) button.classList.toggle("primary", next);
});
