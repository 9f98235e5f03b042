// A form that is refused stays as it was filled in, with why at its field. Without scripts the answer is a page with the way back.
"use strict";
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-stays]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy")) return; // pressed twice
  form.setAttribute("aria-busy", "true");
  const filled = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: filled, headers: { "HX-Request": "true" }, credentials: "same-origin" });
    const next = answer.headers.get("HX-Redirect");
    if (next && !isHere(next)) { location.assign(next); return; }
    const page = parsed(next ? await part(next) : await answer.text());
    if (next || answer.ok) show($("#main", page), next);
    else refuse(form, $(".notice", page) ?? failure());
  } catch { refuse(form, failure()); }
  form.removeAttribute("aria-busy");
});
// Whoever comes back to the page may send its forms again.
addEventListener("pageshow", () => $$("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));

// A field that belongs to one of several choices chooses it when it is filled in.
document.addEventListener("input", (event) => {
  const choice = document.getElementById(event.target.dataset?.chooses);
  if (choice) choice.checked = true;
});

function failure() {
  const told = document.createElement("p");
  told.className = "notice error";
  told.textContent = text("Failed");
  return told;
}

// An address that is a place of this page loads nothing by itself: the page is asked for, and shown.
function isHere(address) {
  const next = new URL(address, location);
  return next.hash && next.pathname + next.search === location.pathname + location.search;
}

// An answer that is a page, such as that with a secret that is shown once, or this one anew at a place of it.
function show(main, place) {
  $("#main").replaceWith(main);
  htmx.process(main);
  if (place) location.assign(place);
  else { scrollTo({ top: 0 }); main.focus(); }
  begin();
}

// The field of a path such as "scope.affiliates.0": it has the name of the nearest part, or of one value of that.
function fieldOf(form, path) {
  const parts = path.split("."), names = [parts.slice(-2).join("_"), ...parts.reverse()];
  const found = names.flatMap((each) => [each, each.replace(/s$/, "")]).map((each) => form.elements.namedItem(each)).find(Boolean);
  return found instanceof RadioNodeList ? found[0] : found;
}

function refuse(form, told) {
  $("#refused")?.remove();
  $$("[aria-errormessage=refused]").forEach((each) => { each.removeAttribute("aria-invalid"); each.removeAttribute("aria-errormessage"); });
  told.id = "refused";
  told.setAttribute("role", "alert");
  const field = told.dataset.field && fieldOf(form, told.dataset.field);
  const label = field?.labels?.[0]?.firstChild?.textContent.trim();
  // The field as the form calls it, in place of its name.
  if (label) $$("bdi", told).forEach((each) => { if (each.textContent.startsWith(told.dataset.field)) each.textContent = label + each.textContent.slice(told.dataset.field.length); });
  if (!field || field.type === "hidden") { told.tabIndex = -1; form.append(told); told.focus(); return; }
  (field.closest("p, fieldset") ?? field.closest("label") ?? field).after(told);
  for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", "refused");
  field.focus();
}
