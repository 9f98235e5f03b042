// The plan of a reprocess. Another choice of groups has another plan, which is asked for before anything is sent.
"use strict";
const PLAN_PAUSE_MS = 700;
let replanning = 0;
document.addEventListener("change", (event) => {
  if (!event.target.matches("input[name=take]")) return;
  const { form } = event.target, { update } = form.elements, send = $("button:not([name])", form);
  const other = [...form.elements].some((each) => each.name === "take" && each.checked !== each.defaultChecked);
  send.dataset.nothing ??= send.disabled;
  send.disabled = other || send.dataset.nothing === "true";
  for (const [button, next] of [[update, other], [send, !other]]) button.classList.toggle("primary", next);
  clearTimeout(replanning);
  if (other) replanning = setTimeout(replan, PLAN_PAUSE_MS, form);
});

// Shows the plan of what is ticked, as the button does; where it does not come, the button is still there.
async function replan(form) {
  const filled = () => new URLSearchParams(new FormData(form, form.elements.update)), asked = filled();
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: asked, credentials: "same-origin" });
    const page = parsed(await answer.text()), main = $("#main", page);
    if (!answer.ok || !$(".plan-groups", main) || !form.isConnected) return;
    if (`${filled()}` !== `${asked}`) { replanning = setTimeout(replan, PLAN_PAUSE_MS, form); return; } // filled in further
    const { id, name, value } = document.activeElement;
    $("[autofocus]", main)?.removeAttribute("autofocus");
    $("#main").replaceWith(main);
    document.title = page.title;
    if (answer.redirected) history.replaceState(null, "", answer.url);
    htmx.process(main);
    (name === "take" ? $$("[name=take]", main).find((each) => each.value === value) : id && document.getElementById(id))?.focus();
    say($(".plan-total", main).textContent.trim(), "good");
  } catch { /* the button asks for it */ }
}
