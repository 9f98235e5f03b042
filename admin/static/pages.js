// What the pages do when scripts run. Everything here is also there without: as links, forms and native details.
"use strict";
document.documentElement.classList.add("scripted");
const text = (name) => document.body.dataset[`text${name}`];
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const part = (url) => fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).then(async (answer) => {
  if (answer.status === 401) location.assign(answer.headers.get("HX-Redirect") || "/sign-in");
  if (!answer.ok) throw Object.assign(new Error(`${answer.status} ${url}`), { words: await wordsOf(answer) });
  return answer.text();
});
const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
const inner = (html) => parsed(html).body.textContent.trim();
const wordsOf = async (answer) => answer.headers.get("content-type")?.startsWith("text/html") ? inner(await answer.text()) : "";

function say(words, kind = "bad") {
  const message = document.createElement("p");
  message.className = `message ${kind}`;
  message.textContent = words;
  if ([...$("#messages").children].some((each) => each.textContent === words)) return; // is being said
  $("#messages").append(message);
  setTimeout(() => message.remove(), 6000);
}

// Rows: expand, collapse, all of them. The address says which are open, of those that it shows when it is loaded.
const detailOf = (id) => document.getElementById(`detail-${id}`);

function writeAddress() {
  const address = new URL(location.href);
  address.searchParams.delete("open");
  const open = $$("tr.log:not([data-further]) .disclose[aria-expanded=true]").map((link) => link.closest("tr").dataset.id);
  const all = open.length > 0 && open.length === $$("tr.log:not([data-further])").length;
  (all ? ["all"] : open).forEach((id) => address.searchParams.append("open", id));
  address.hash = "";
  history.replaceState(history.state, "", address);
}

// Whoever was in a part that goes away goes on from `place`.
function leaving(part, place, act) {
  const within = part.contains(document.activeElement);
  act();
  if (within && document.activeElement === document.body) place?.focus({ preventScroll: true });
}

// A detail follows its row.
const rowOf = (detail) => detail.previousElementSibling;
const shut = (detail) => leaving(detail, $(".disclose", rowOf(detail)), () => detail.remove());

// Once for each frame, and after it is shown: nobody waits for the address.
let written = 0;
const inAddress = () => { written ||= requestAnimationFrame(() => setTimeout(() => { written = 0; writeAddress(); })); };

function unpacked(html, row) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const detail = template.content.firstElementChild;
  detail.firstElementChild.colSpan = row.cells.length;
  return detail;
}

function put(row, html) {
  if (detailOf(row.dataset.id)) return;
  const detail = unpacked(html, row);
  row.after(detail);
  htmx.process(detail);
}

// What went wrong, with the way to try again.
function trouble(words, again) {
  const line = document.createElement("p"), button = document.createElement("button");
  line.className = "notice error";
  line.setAttribute("role", "alert");
  button.type = "button";
  button.className = "small";
  button.textContent = text("Again");
  button.addEventListener("click", again);
  line.append(`${words} `, button);
  return line;
}

// What went wrong with a row is said under it; the list stays as it is.
function problem(row, words, again) {
  detailOf(row.dataset.id)?.remove();
  const place = document.createElement("tr"), cell = place.insertCell();
  place.className = "detail problem";
  place.id = `detail-${row.dataset.id}`;
  cell.colSpan = row.cells.length;
  cell.append(trouble(words || text("Row"), () => { place.remove(); $(".disclose", row).setAttribute("aria-expanded", false); again(); }));
  row.after(place);
}

// What went wrong with counts that come later is said in their place, by an element of its own: one that waits asks once,
// and a page that is morphed into a newer one has to have another.
function uncounted(place, words) {
  const again = place.cloneNode(true), told = document.createElement("section");
  again.classList.remove("htmx-request");
  told.className = "counting";
  again.tabIndex = -1; // whoever pressed the button stays there
  told.append(trouble(words, () => { told.replaceWith(again); again.focus(); htmx.process(again); }));
  place.replaceWith(told);
}

// A filter whose list did not come has none: the rows and numbers of the one before go, with all that leads on from them. Its
// stream ends. The answer to the next try, or to another filter, has all of it again.
let retried = false;
function unlisted(form, words) {
  const pressed = $("#unlisted")?.contains(document.activeElement);
  while (form.nextElementSibling) form.nextElementSibling.remove();
  $$(".page-head > :not(h1), .total, .chip b, .facet-charts, .counting").forEach((each) => each.remove());
  const told = trouble(`${text("Unlisted")} ${words}`, () => { retried = true; form.requestSubmit(); });
  told.id = "unlisted";
  form.after(told);
  if (pressed) $("button", told).focus();
  delete $("#view").dataset.live;
  listen();
}

async function toggle(row, open) {
  const link = $(".disclose", row);
  const wanted = open ?? link.getAttribute("aria-expanded") !== "true";
  link.setAttribute("aria-expanded", wanted);
  const shown = detailOf(row.dataset.id);
  if (!wanted) { if (shown) shut(shown); }
  else if (!shown) {
    try {
      const detail = await part(link.dataset.detail);
      if (link.getAttribute("aria-expanded") === "true") put(row, detail); // it may have been closed meanwhile
    } catch (error) {
      problem(row, error.words, () => { link.focus(); toggle(row, true); });
    }
  }
  inAddress();
}

async function expandAll(link) {
  for (const url of [link.dataset.details, ...further]) await expand(url);
  // Those that were pushed out of their page are on none that is known.
  for (const row of $$("tr.log")) if (!detailOf(row.dataset.id)) await toggle(row, true);
  inAddress();
}

async function expand(url) {
  const template = document.createElement("template");
  template.innerHTML = await part(url);
  for (const detail of [...template.content.children]) {
    const row = document.getElementById(`log-${detail.dataset.of}`);
    if (!row) continue;
    $(".disclose", row).setAttribute("aria-expanded", true);
    $$(`#${detail.id}.problem`).forEach(shut);
    if (!detailOf(detail.dataset.of)) { row.after(detail); htmx.process(detail); }
  }
}

function collapseAll() {
  $$("tr.detail").forEach(shut);
  $$(".disclose").forEach((link) => link.setAttribute("aria-expanded", false));
  inAddress();
}

// Selection
const many = (place, number) => (number === 1 ? place.dataset.one : place.dataset.many.replace("{n}", number.toLocaleString(document.documentElement.lang)));

function counted() {
  const chosen = $$(".pick input:checked");
  const count = $(".bulk-count");
  $(".bulk")?.classList.toggle("chosen", chosen.length > 0);
  // A line of one error counts once, at however many affiliates it is marked.
  if (count) count.textContent = many(count, new Set(chosen.map((box) => box.closest(".group-row") || box)).size);
  const most = $(".bulk-most");
  if (most) {
    const over = chosen.length > most.dataset.most;
    if (over !== !!most.textContent) most.textContent = over ? most.dataset.over : "";
    $(".bulk .primary").disabled = over;
  }
  const all = $("#pick-all");
  if (!all) return;
  const possible = $$(".pick input:not(:disabled)");
  all.checked = possible.length > 0 && chosen.length === possible.length;
  all.indeterminate = chosen.length > 0 && !all.checked;
  all.disabled = possible.length === 0;
}

// Copying
async function copy(button) {
  const words = button.dataset.copyText ?? await part(button.dataset.copy);
  try { await navigator.clipboard.writeText(words); } catch {
    const area = document.createElement("textarea");
    area.value = words;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(text("Copied"), "good");
}

document.addEventListener("click", async (event) => {
  const target = event.target.closest("a, button");
  if (event.target.closest("summary")) touched.add(event.target.closest("details"));
  $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return;
  try {
    if (target.matches(".disclose")) { event.preventDefault(); await toggle(target.closest("tr")); }
    else if (target.id === "expand-all") { event.preventDefault(); await expandAll(target); }
    else if (target.id === "collapse-all") { event.preventDefault(); collapseAll(); }
    else if (target.id === "pick-none") { $$(".pick input").forEach((box) => { box.checked = box.indeterminate = false; }); counted(); }
    else if (target.id === "newer") { scrollTo({ top: 0 }); await refresh(true); }
    else if (target.dataset.open === "#palette") await showPalette();
    else if (target.dataset.open) $(target.dataset.open).showModal();
    else if (target.dataset.copyText !== undefined || target.dataset.copy) await copy(target);
    else if (target.dataset.whole) {
      event.preventDefault();
      const body = target.closest(".evidence-body");
      $("pre", body).outerHTML = await part(target.dataset.whole);
      target.closest("p").remove();
    }
  } catch (error) { say(error.words || text("Failed")); }
});

document.addEventListener("change", (event) => {
  if (event.target.id === "pick-all") $$(".pick input:not(:disabled)").forEach((box) => { box.checked = event.target.checked; });
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  counted();
});

// Keyboard
// What moves from row to row looks through no others: a list may have thousands, and a key that is held comes 30 times a second.
let cursor = null;
const pointed = () => document.getElementById(`log-${cursor}`);
const dialogs = document.getElementsByTagName("dialog");

function point(row) {
  if (row.dataset.id === cursor) return;
  pointed()?.classList.remove("cursor");
  cursor = row.dataset.id;
}

// The row after one, or before it, past the details between them; the first where there is none.
function beside(row, way) {
  let next = row ? row[way] : $("tr.log");
  while (next && !next.matches(".log")) next = next[way];
  return next ?? row;
}

// The focus comes first: it asks for the layout, which is as it was until something is changed.
let scrolling = 0;
function moveTo(row) {
  if (!row) return;
  $(".disclose", row).focus({ preventScroll: true });
  point(row);
  row.classList.add("cursor");
  scrolling ||= requestAnimationFrame(() => { scrolling = 0; pointed()?.scrollIntoView({ block: "nearest" }); });
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea");
  if (event.key === "Escape") {
    field?.blur();
    $$("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    return;
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || [...dialogs].some((each) => each.open)) return;
  const at = pointed();
  const keys = {
    "/": () => ($("#q") || $("#finder"))?.focus(),
    "?": () => $("#keys")?.showModal(),
    j: () => moveTo(beside(at, "nextElementSibling")),
    k: () => moveTo(beside(at, "previousElementSibling")),
    o: () => at && toggle(at),
    x: () => { const box = at && $(".pick input:not(:disabled)", at); if (box) { box.checked = !box.checked; counted(); } },
    e: () => $("tr.detail") ? collapseAll() : $("#expand-all")?.click(),
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});

// The palette opens at once, so that what is typed is for its field; its script is loaded by whoever opens it first.
async function showPalette() {
  const palette = $("#palette");
  if (palette.open) { palette.close(); return; }
  $("dialog[open]")?.close();
  $("input", palette).value = "";
  palette.showModal();
  try {
    const { fill } = await import(palette.dataset.script);
    if (palette.open) fill();
  } catch { palette.close(); say(text("Failed")); }
}
// Chromium says no key where an option of a list of suggestions is chosen.
document.addEventListener("keydown", (event) => {
  if (event.key?.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !$("#palette")) return;
  event.preventDefault();
  showPalette();
});

// A column of a spreadsheet is a list of names; a field of one line would run them together.
document.addEventListener("paste", (event) => {
  const field = event.target.closest?.("input[type=search]");
  const text = event.clipboardData?.getData("text/plain").trim() ?? "";
  if (!field || !/[\r\n\t]/.test(text)) return;
  event.preventDefault();
  field.setRangeText(text.replace(/\s*[\r\n\t]+\s*/g, "; "), field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("tr.log, tr.detail");
  if (row) point(row.matches(".log") ? row : rowOf(row));
});

// Live: the server says that something changed; the page asks for itself and takes over row by row.
let source = null;
let pending = 0;

// "Live" is what had a heartbeat lately: each says that the database has answered just now.
const SILENCE_MS = 15000;
let beat = 0;
// A stream tells of changes since it began. What came while there was none is read with the next heartbeat.
let missed = false;
let reading = null;

function mark(state) {
  const lost = state === "lost";
  if (lost) missed = true;
  const notice = $("#unreachable");
  if (notice && notice.hidden === lost) notice.hidden = !lost;
  const sign = $("#live");
  if (!sign || sign.dataset.state === state) return;
  sign.dataset.state = state;
  sign.lastElementChild.textContent = state === "on" ? text("Live") : lost ? text("Offline") : "";
}

async function alive() {
  beat = performance.now();
  if (missed) { missed = false; reading = refresh(false); }
  await reading;
  if (!missed) mark("on");
}

// What is shown may be old, and nobody knows yet.
const unsure = () => { missed = true; if ($("#live")?.dataset.state === "on") mark("off"); };

function listen() {
  source?.close();
  source = null;
  const view = $("#view[data-live]");
  if (!view) return;
  beat = performance.now();
  if ($("#live").dataset.state === "on") mark("off");
  const opened = source = new EventSource(view.dataset.live);
  // What came after the page was made and before the stream began is told by neither.
  source.addEventListener("ready", (event) => { missed ||= JSON.parse(event.data).rows !== view.dataset.rows; alive(); });
  source.addEventListener("beat", alive);
  source.addEventListener("silent", () => mark("lost"));
  source.addEventListener("changed", (event) => { pending += JSON.parse(event.data).new; refresh(false); });
  // A stream that ends is opened anew by the browser, in time for the next heartbeat; an answer that is none is not.
  source.onerror = () => {
    missed = true;
    if (opened.readyState !== EventSource.CLOSED) return;
    banners(); // says why: there is no session any more, or no database
    setTimeout(() => { if (source === opened) listen(); }, 5000);
  };
}

// Banners are asked for anew while the page is open. No answer, or 503, means that the database is not there; 204, that it
// is slow, and that what is paused may still be.
const BANNERS_MS = 10000;
const ANSWER_MS = 5000;
async function banners() {
  const place = $("#banners");
  if (!place || document.hidden) return;
  const ours = { headers: { "HX-Request": "true" }, credentials: "same-origin", signal: AbortSignal.timeout(ANSWER_MS) };
  let answer, html;
  try { answer = await fetch(place.dataset.at, ours); html = await answer.text(); } catch { mark("lost"); return; }
  if (answer.status === 401) location.assign(answer.headers.get("HX-Redirect") || "/sign-in");
  if (answer.status >= 500) mark("lost");
  if (!answer.ok) return;
  if (!source) mark("on");
  if (answer.status !== 204) Idiomorph.morph(place, html);
}
setInterval(banners, BANNERS_MS);
setInterval(() => { if (source && performance.now() - beat > SILENCE_MS) mark("lost"); }, 1000);

// Answers that come out of their order are left out. The script that takes them over is loaded when there is the first.
let asked = 0, taken = 0;

async function refresh(all) {
  const view = $("#view[data-live]");
  if (!view) return;
  const { base, query, script } = view.dataset, turn = ++asked;
  let html, takeOver;
  try {
    html = await part(base + query.replace(/([?&])open=[^&]*/g, "$1"));
    ({ takeOver } = await import(script));
  } catch { unsure(); return; }
  if (!view.isConnected || view.dataset.query !== query || turn < taken) return; // the filter was changed meanwhile
  taken = turn;
  await takeOver(view, parsed(html), all, () => turn === taken);
}

// A row that has flashed would do so again where it is moved.
document.addEventListener("animationend", (event) => { if (event.animationName === "fresh") event.target.parentElement.classList.remove("fresh"); });

// What a person has opened or closed stays so when the page is morphed into a newer one. So do the boxes of a filter: it may
// just have been changed, and is asked for in a moment.
const touched = new WeakSet();
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !(name === "open" && touched.has(node)) && !(name === "checked" && node.closest("#filter"));

// What was counted or looked into stays until that is done anew, whatever asks for it. Evidence is that of its result, and
// somebody may have all of it before them. Rows are taken as they came: another list has others, and to compare 200 of them
// takes longer than all else.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => {
  if (fresh.matches?.("[hx-get]:not(.type-logs)") && old.matches(".type-logs, .why")) return false;
  if (old.dataset?.result && old.dataset.result === fresh.dataset?.result) return false;
  if (old.id !== "rows" || fresh.id !== "rows") return true;
  old.replaceChildren(...fresh.childNodes);
  return false;
};

// A page is kept open all day: "2 minutes ago" goes on, and what comes is due at its time.
const SPANS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
function tick() {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  for (const place of $$("time[datetime] .relative")) {
    const time = place.parentElement;
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    if (seconds <= 0 && time.dataset.due) { time.textContent = time.dataset.due; continue; }
    const [unit, length] = SPANS.find(([, each]) => Math.abs(seconds) >= each * 1.2) ?? SPANS.at(-1);
    const said = words.format(Math.round(seconds / length) || -1, unit);
    if (Math.abs(seconds) < 7 * 86400 && place.textContent !== said) place.textContent = said;
  }
}
setInterval(() => { if (!document.hidden) tick(); }, 30000);

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "view" && event.detail.elt?.id !== "view") return;
  further = [];
  listen();
  counted();
  watch();
  if (retried && document.activeElement === document.body) ($("#rows") ?? $("#main")).focus({ preventScroll: true });
  retried = false;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const menu = event.target.closest?.("details.menu");
  if (!menu) return;
  const within = menu.contains(document.activeElement);
  menu.open = false;
  if (within) $("summary", menu).focus();
});
const EVERY = "[hx-trigger^=every]";
function failed(event) {
  const row = event.target.closest?.("tr.log");
  const words = event.detail.xhr?.getResponseHeader("content-type")?.startsWith("text/html") ? inner(event.detail.xhr.responseText) : "";
  if (event.target.id === "filter") { unlisted(event.target, words); return; }
  if (event.target.matches?.(".counting")) { uncounted(event.target, words || text("Uncounted")); return; }
  if (!row) { if (!event.target.matches?.(EVERY) || $("#unreachable")?.hidden) say(words || text("Failed")); return; }
  const button = event.target;
  problem(row, words || text("Failed"), () => { $("summary", row)?.focus(); button.click(); });
}
// A part that is read anew waits while nobody sees it, and while somebody fills in a form of it.
const isFilled = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (elt.matches(EVERY) && (document.hidden || $("details[open] form", elt) || $$("input", elt).some(isFilled))) event.preventDefault();
});
// Counts of a filter that is another by now.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt } = event.detail.requestConfig;
  if (elt.matches(".counting") && !elt.isConnected) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.addEventListener("visibilitychange", () => { if (document.hidden) { source?.close(); source = null; missed = true; } else { listen(); banners(); } });
addEventListener("pagehide", () => source?.close());

// One list that goes on, for whoever prefers it: the next page is taken when its link comes near. It ends where a page
// would be slow; the link stays.
const MOST_ROWS = 2000;
const NEXT = ".pager > a[rel=next], .pager > .soft";
let further = [];
const near = new IntersectionObserver((seen) => { if (seen.some((each) => each.isIntersecting)) goOn(); }, { rootMargin: "600px" });

function watch() {
  near.disconnect();
  const link = $(".pager[data-goes-on] a[rel=next]");
  if (link && $$("tr.log").length < MOST_ROWS) near.observe(link);
}

// The link to what comes after the last row, or the words that nothing does, as `fresh` has it.
function joinOn(fresh) {
  const shown = $(NEXT), next = $(NEXT, fresh);
  if (!shown || !next || shown.href === next.href) return;
  const focused = shown === document.activeElement;
  shown.replaceWith(next);
  if (focused && next.href) next.focus({ preventScroll: true });
  watch();
}

// The server tells of changes of the first page alone.
function sayFurther() {
  const words = $("#as-loaded");
  if (words) words.hidden = !$("#rows [data-further]");
}

async function goOn() {
  const link = $(".pager[data-goes-on] a[rel=next]");
  if (!link || link.getAttribute("aria-busy")) return;
  const { href } = link;
  link.setAttribute("aria-busy", "true");
  near.disconnect();
  try {
    const fresh = parsed(await part(link.dataset.rows));
    if (!link.isConnected || link.href !== href) return; // the list is another one by now
    for (const row of $$("tr.log", fresh)) {
      if (document.getElementById(row.id)) continue;
      row.dataset.further = "";
      const added = document.importNode(row, true);
      $("#rows").append(added);
      htmx.process(added);
    }
    $("#logs").classList.add(...$("#logs", fresh).classList);
    further.push($("#logs", fresh).dataset.details);
    joinOn(fresh);
    sayFurther();
    counted();
  } catch { link.removeAttribute("aria-busy"); say(text("Failed")); }
}
function begin() {
  // For the scripts of one page.
  document.dispatchEvent(new Event("begin"));
  const zone = $("[data-zone]");
  if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  counted();
  listen();
  watch();
}
addEventListener("DOMContentLoaded", begin);
