// The queue: moving along rows by keyboard, choosing several, and keeping one's place while the
// table renews itself.
export function queue() {
  const live = document.getElementById("live");
  if (!live) return;
  const bulk = document.querySelector("[data-bulk]");
  const said = document.getElementById("said");
  let kept = null;

  const links = () => [...live.querySelectorAll("[data-queue] .open")];
  const ticks = () => [...live.querySelectorAll("tbody input[name=case]")];
  const here = () => links().indexOf(document.activeElement?.closest("tr")?.querySelector(".open"));
  const ids = () => [...live.querySelectorAll("tr[data-case]")].map((row) => row.dataset.case);

  function count() {
    if (!bulk) return;
    const chosen = ticks().filter((one) => one.checked).length;
    bulk.hidden = chosen === 0;
    bulk.querySelector("[data-count]").textContent = chosen;
  }

  live.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]"))
      for (const one of ticks()) one.checked = event.target.checked;
    count();
  });
  bulk?.querySelector("[data-bulk-kind]").addEventListener("change", (event) => {
    for (const label of bulk.querySelectorAll("[data-reasons]"))
      label.hidden = label.dataset.reasons !== event.target.value;
  });

  document.addEventListener("penumbra:key", (event) => {
    const at = here();
    const step = { j: 1, k: -1 }[event.detail];
    if (step) {
      const next = links()[Math.max(0, at + step)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.detail === "o" && at >= 0) links()[at].click();
    else if (event.detail === "o") links()[0]?.click();
    else if (event.detail === "x" && at >= 0) ticks()[at]?.click();
    else return;
    event.preventDefault();
  });

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== live) return;
    kept = {
      row: document.activeElement?.closest("tr")?.dataset.case,
      chosen: new Set(ticks().filter((one) => one.checked).map((one) => one.value)),
      known: new Set(ids()),
    };
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== live || !kept) return;
    for (const one of ticks()) one.checked = kept.chosen.has(one.value);
    if (kept.row)
      live.querySelector(`tr[data-case="${CSS.escape(kept.row)}"] .open`)?.focus();
    const fresh = ids().filter((one) => !kept.known.has(one));
    for (const one of fresh) {
      const row = live.querySelector(`tr[data-case="${CSS.escape(one)}"]`);
      row.classList.add("fresh");
      setTimeout(() => row.classList.remove("fresh"), 4000);
    }
    if (fresh.length) said.textContent = `${fresh.length} new in the queue`;
    count();
  });
  count();
}
