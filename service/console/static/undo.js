// The seconds in which a decision can be undone. The server keeps the time; this shows it.
export function undo() {
  const toast = document.querySelector("[data-undo]");
  if (!toast) return;
  const left = toast.querySelector("[data-left]");
  const end = performance.now() + Number(toast.dataset.undo);
  const tick = setInterval(() => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    left.textContent = Math.max(0, seconds);
    if (seconds > 0) return;
    clearInterval(tick);
    toast.hidden = true;
  }, 250);
  // A reload or a way back must not show it again.
  const address = new URL(location.href);
  address.searchParams.delete("after");
  history.replaceState(null, "", address);
}
