// A live list: what the server says now is taken over row by row, and nothing that somebody is at is lost. It is loaded when
// the first change is there.

// `isNewest` says if no later answer was taken over meanwhile.
export async function takeOver(view, fresh, all, isNewest) {
  const wanted = $$("tr.log", fresh), rows = $("#rows"), shown = $$("#rows tr.log");
  // The first rows of a list come with all that is around them, and the last ones take it along. So do those of another
  // order, as when more match than are sorted.
  if (rows ? !wanted.length && !shown.some(isKept) : wanted.length) { another(view, fresh); return; }
  if (rows && wanted.length && orderOf() !== orderOf(fresh)) { another(view, fresh); return; }
  flash(shown.filter((row) => { const next = fresh.getElementById(row.id); return next && renew(row, next); }));
  if (rows) await takeRows(view, fresh, wanted, all, isNewest);
  const facets = $("#facets"), counts = $("#facets", fresh);
  if (facets && counts && isNewest()) { Idiomorph.morph(facets, counts.outerHTML); htmx.process($("#facets")); }
  counted();
  rereading = rereading.then(reread);
  await rereading;
}

const busy = () => scrollY > 160 || $(".pick input:checked") || $("tr.detail") || $("details.menu[open]") || $("#rows")?.contains(document.activeElement);

// Rows as the server sent them last: those that it sends again are left alone.
const told = new WeakMap();

// Somebody is at a row.
const isKept = (row) => detailOf(row.dataset.id) || $(".pick input:checked, details.menu[open]", row) || row.contains(document.activeElement);

// A row as it is now, with what was done to it here. Returns true if it is another one than was shown.
function renew(row, next) {
  if (told.get(row) === next.outerHTML) return false;
  const open = $(".disclose", row).getAttribute("aria-expanded");
  const chosen = $(".pick input", row)?.checked;
  const changed = next.dataset.at !== row.dataset.at;
  const current = row.classList.contains("cursor");
  told.set(row, next.outerHTML);
  Idiomorph.morph(row, next.outerHTML);
  $(".disclose", row).setAttribute("aria-expanded", open);
  row.classList.toggle("cursor", current);
  if (chosen && $(".pick input:not(:disabled)", row)) $(".pick input", row).checked = true;
  htmx.process(row);
  return changed;
}

const orderOf = (page) => $("#logs", page)?.dataset.sort;

// A menu that is open stays as it is.
function another(view, fresh) {
  const stream = view.dataset.live;
  Idiomorph.morph(view, $("#view", fresh).outerHTML, { ignoreActiveValue: true, callbacks: { beforeNodeMorphed: (old) => !old.matches?.("details.menu[open]") } });
  htmx.process(view);
  further = [];
  pending = 0;
  counted();
  watch();
  if (view.dataset.live !== stream) listen();
}

// New are rows above one that is known. Those below all of them have moved up from the page after this one, or belong at the end.
function newOf(wanted, shown) {
  const last = wanted.findLastIndex((row) => document.getElementById(row.id));
  const latest = shown.map((row) => row.dataset.at).sort().at(-1);
  return wanted.filter((row, at) => !document.getElementById(row.id) && (last < 0 ? !latest || row.dataset.at > latest : at < last));
}

// New rows wait while somebody is at the list. Rows that newer ones push out of the first page are the first of those that
// come after it, if such rows are there. What is before the last row of the page and not in it has left the view; as has all
// that is not in it where there is no page after it, or where it reaches further down than what is shown. A page of new rows
// alone may not join on to the others at all: then the list begins anew, as one does that grew too long while nobody was at it.
async function takeRows(view, fresh, came, all, isNewest) {
  const rows = $("#rows"), pill = $("#newer"), shown = $$("tr.log", rows), newer = new Set(newOf(came, shown));
  const waits = newer.size > 0 && !all && busy();
  pending = waits ? Math.max(pending, newer.size) : 0;
  if (waits) pill.textContent = many(pill, pending);
  pill.hidden = !waits;
  const wanted = waits ? came.filter((row) => !newer.has(row)) : came, ids = new Set(wanted.map((row) => row.id));
  // In an order that a change moves a row within, only rows that the page had tell where it ends: another one may have come
  // from far down.
  const last = orderOf() === "newest" ? document.getElementById(wanted.findLast((row) => document.getElementById(row.id))?.id)
    : shown.findLast((row) => ids.has(row.id) && !row.matches("[data-further]"));
  const end = came.at(-1), whole = !$("a[rel=next]", fresh) || !(document.getElementById(end?.id) || newer.has(end));
  const goesOn = !whole && (waits || (last && $("[data-further]", rows) && $(".pager[data-goes-on]") && (busy() || rows.rows.length < MOST_ROWS)));
  let after = !last && !whole;
  const left = [];
  for (const row of shown) {
    const out = after && !whole && !row.matches(".gone");
    if (ids.has(row.id)) delete row.dataset.further;
    else if (out && (goesOn || isKept(row))) row.dataset.further = "";
    else if (isKept(row)) left.push(row);
    else row.remove();
    after ||= row === last;
  }
  $("#logs").classList.add(...($("#logs", fresh)?.classList ?? []));
  if (!goesOn) { further = []; joinOn(fresh); }
  left.forEach((row) => markGone(row, view));
  let before = rows.firstElementChild;
  for (const next of wanted) {
    while (before?.matches(".gone, .gone + .detail")) before = before.nextElementSibling;
    let row = document.getElementById(next.id);
    if (!row) { row = document.importNode(next, true); rows.insertBefore(row, before); htmx.process(row); row.classList.toggle("fresh", newer.has(next)); }
    else if (row !== before && !row.contains(document.activeElement)) {
      const detail = detailOf(row.dataset.id);
      rows.insertBefore(row, before);
      if (detail) row.after(detail);
    }
    before = (detailOf(row.dataset.id) || row).nextElementSibling;
  }
  sayFurther();
  await present(view, left, isNewest);
}

// Rows that have left the view stay where somebody is at them: as they are now, and marked.
function markGone(row, view) {
  told.delete(row);
  row.classList.add("gone");
  if ($(".left", row)) return;
  const mark = document.createElement("span");
  mark.className = "tag left";
  mark.textContent = view.dataset.gone;
  $(".disclose", row).after(" ", mark);
}

const AT_ONCE = 100; // their ids are in the address
async function present(view, left, isNewest) {
  for (let from = 0; from < left.length; from += AT_ONCE) {
    const some = left.slice(from, from + AT_ONCE), query = new URLSearchParams(view.dataset.query);
    for (const row of some) query.append("log_id", row.dataset.id);
    let now;
    try { now = parsed(await part(`${view.dataset.base}/rows?${query}`)); } catch { unsure(); return; }
    if (!isNewest()) return;
    for (const row of some) {
      const next = now.getElementById(row.id);
      if (next && renew(row, next)) flash([row]);
      markGone(row, view);
    }
  }
}

// A detail that is older than its row is read anew, one after another.
let rereading = Promise.resolve();
async function reread() {
  for (const detail of $$("tr.detail[data-at]")) {
    const row = rowOf(detail);
    if (!detail.isConnected || detail.dataset.at === row.dataset.at) continue;
    try {
      const fresh = unpacked(await part($(".disclose", row).dataset.detail), row);
      if (!detail.isConnected) continue;
      leaving(detail, $(".disclose", row), () => Idiomorph.morph(detail, fresh.outerHTML));
      htmx.process(detail);
    } catch { unsure(); return; }
  }
}

// One layout for all of them, between the end of the animation and its beginning anew.
function flash(rows) {
  rows.forEach((row) => row.classList.remove("fresh"));
  if (rows.length) void document.body.offsetWidth;
  rows.forEach((row) => row.classList.add("fresh"));
}
