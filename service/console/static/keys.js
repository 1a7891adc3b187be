// Single-key shortcuts. They can be switched off (WCAG 2.1.4) and never act while one is typing.
const SWITCH = "penumbra-keys";
const on = () => localStorage.getItem(SWITCH) !== "off";

const typing = (target) =>
  target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");

export function keys() {
  const help = document.getElementById("help");
  const choice = help?.querySelector("[data-keys-on]");
  document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());
  if (choice) {
    choice.checked = on();
    choice.addEventListener("change", () =>
      localStorage.setItem(SWITCH, choice.checked ? "on" : "off"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
    if (!on()) return;
    if (event.key === "?") help?.showModal();
    else if (!press(event.key)) return;
    event.preventDefault();
  });
}

// Every mark `data-key` names the key that presses it; a page may take a key first.
function press(key) {
  const taken = new CustomEvent("penumbra:key", { detail: key, cancelable: true });
  if (!document.dispatchEvent(taken)) return true;
  const marked = [...document.querySelectorAll("[data-key]")].find(
    (one) => one.dataset.key === key && one.offsetParent !== null && !one.disabled);
  if (!marked) return false;
  if (marked.matches("input, textarea")) {
    marked.focus();
    marked.select?.();
  } else marked.click();
  return true;
}
