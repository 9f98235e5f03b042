// The table of groups.
"use strict";
// Who marks a line of one error marks it at each of its affiliates; it is marked itself while all of them are, since
// its box is sent for all of them.
document.addEventListener("change", (event) => {
  const line = event.target.closest(".pick")?.closest(".group-row");
  if (!line) return;
  const [whole, ...parts] = $$(".pick input", line);
  if (event.target === whole) parts.forEach((box) => { box.checked = whole.checked; });
  else whole.checked = parts.every((box) => box.checked);
  whole.indeterminate = !whole.checked && parts.some((box) => box.checked);
  counted();
});

// Whoever decided on a group comes back to it.
document.addEventListener("begin", () => {
  const group = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.querySelector("details.group");
  if (group) { group.open = true; touched.add(group); }
});
