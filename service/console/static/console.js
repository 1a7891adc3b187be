// What pages do beyond links and forms. Each part looks for its own marks and leaves the rest.
import { keys } from "./keys.js";
import { queue } from "./queue.js";
import { decision } from "./decision.js";
import { undo } from "./undo.js";

document.documentElement.classList.add("js");

const toggle = document.querySelector("[data-theme-toggle]");
toggle?.addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("penumbra-theme", next);
});

for (const chooser of document.querySelectorAll("[data-submits]"))
  chooser.addEventListener("change", () => chooser.form.requestSubmit());

queue();
decision();
undo();
keys();
