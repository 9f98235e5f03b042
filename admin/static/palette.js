// The command palette: words, arrows, Enter. Every option is a link or a form elsewhere. It is loaded when it is first opened.
const palette = document.getElementById("palette");
const field = palette.querySelector("input");
const list = palette.querySelector("[role=listbox]");
const told = palette.querySelector("[role=status]");
const LEAST_CHARACTERS = 2;
const PAUSE_MS = 180;
let loaded = false, searching = false, again = false, answered = "", wait = 0, count = 0;

const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
const options = () => [...list.querySelectorAll("[role=option]:not([hidden])")];
const active = () => list.querySelector("[aria-selected=true]");
const typed = () => field.value.trim();

function group(id, heading) {
  const found = document.createElement("div"), words = document.createElement("p");
  found.setAttribute("role", "group");
  found.setAttribute("aria-labelledby", `palette-${id}`);
  words.id = `palette-${id}`;
  words.className = "sub";
  words.setAttribute("role", "presentation");
  words.textContent = heading;
  found.append(words);
  list.append(found);
  return found;
}

function pages() {
  const here = group("pages", palette.dataset.pages);
  for (const link of document.querySelectorAll("nav.side a")) {
    const option = document.createElement("a");
    option.href = link.href;
    option.tabIndex = -1;
    option.setAttribute("role", "option");
    option.textContent = link.textContent.trim();
    here.append(option);
  }
}

function choose(option) {
  active()?.setAttribute("aria-selected", "false");
  if (!option) { field.removeAttribute("aria-activedescendant"); return; }
  option.id ||= `palette-option-${++count}`;
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

// What an earlier text found is not for this one: Enter would open it.
function forget() {
  list.querySelector("[data-found]")?.remove();
  answered = "";
  choose(null);
}

// What is on the page already is narrowed at once; names are looked up when one pauses.
function narrow() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  for (const each of list.querySelectorAll("[role=group]:not([data-found]) [role=option]")) {
    const text = plain(each.textContent);
    each.hidden = !words.every((word) => text.includes(word));
  }
  settle();
}

function settle() {
  for (const each of list.querySelectorAll("[role=group]")) each.hidden = !each.querySelector("[role=option]:not([hidden])");
  for (const each of list.querySelectorAll("[role=option]:not([aria-selected])")) each.setAttribute("aria-selected", "false");
  const chosen = active();
  if (!chosen || chosen.hidden) choose(options()[0]);
  const awaited = typed().length >= LEAST_CHARACTERS && typed() !== answered;
  told.textContent = options().length || awaited ? "" : palette.dataset.none;
}

// One search at a time: a server goes on with one whose answer nobody waits for. The newest text follows at its end.
async function look() {
  const asked = typed();
  again = searching;
  if (searching || asked.length < LEAST_CHARACTERS || asked === answered) return;
  searching = true;
  palette.setAttribute("aria-busy", "true");
  let html = null;
  try { html = await part(`${palette.dataset.search}?q=${encodeURIComponent(asked)}`); } catch { /* is said below */ }
  searching = false;
  palette.removeAttribute("aria-busy");
  if (!palette.open || asked !== typed()) {
    if (again) look();
    return;
  }
  if (html === null) { told.textContent = text("Failed"); return; }
  answered = asked;
  const found = group("found", palette.dataset.found);
  found.dataset.found = "";
  found.insertAdjacentHTML("beforeend", html);
  settle();
}

// For whoever opened it just now, and may have typed already.
export async function fill() {
  if (!list.childElementCount) pages();
  forget();
  narrow();
  choose(options()[0]);
  if (typed()) wait = setTimeout(look, PAUSE_MS);
  if (loaded) return;
  loaded = true;
  try { list.insertAdjacentHTML("beforeend", await part(palette.dataset.more)); narrow(); } catch { loaded = false; }
}

async function prefer(option) {
  const body = new URLSearchParams(option.dataset.prefers);
  try {
    const answer = await fetch("/preferences", { method: "POST", body, credentials: "same-origin", redirect: "manual" });
    if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(`${answer.status} /preferences`);
  } catch { told.textContent = text("Failed"); return; }
  if (body.has("theme")) { document.documentElement.dataset.theme = body.get("theme"); palette.close(); return; }
  // A language in the address would win over the one that was chosen just now.
  const here = new URL(location.href);
  here.searchParams.delete("lang");
  history.replaceState(history.state, "", here);
  location.reload();
}

field.addEventListener("input", () => { forget(); narrow(); clearTimeout(wait); wait = setTimeout(look, PAUSE_MS); });
field.addEventListener("keydown", (event) => {
  const all = options(), at = all.indexOf(active());
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, all.length - 1), PageUp: Math.max(at - 8, 0) };
  if (event.isComposing) return;
  if (event.key in steps && all.length) { event.preventDefault(); choose(all[(steps[event.key] + all.length) % all.length]); }
  else if (event.key === "Enter") {
    event.preventDefault();
    if (at >= 0) all[at].click();
    else if (typed()) location.assign(`${palette.dataset.search}?q=${encodeURIComponent(typed())}`);
  }
});
list.addEventListener("click", (event) => {
  const option = event.target.closest("[data-prefers]");
  if (option) prefer(option);
});
palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
palette.addEventListener("close", () => { clearTimeout(wait); again = false; });
