// Your turn: a chosen file stays in the browser; only its first rows go into the form.
const MOST = 100_000;
const label = document.querySelector("[data-file]");
const rows = document.querySelector("textarea[name=rows]");
const name = document.querySelector("input[name=name]");

label.hidden = false;
label.querySelector("input").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const head = await file.slice(0, MOST).text();
  rows.value = file.size > MOST ? head.slice(0, head.lastIndexOf("\n") + 1) : head;
  name.value = file.name;
});
