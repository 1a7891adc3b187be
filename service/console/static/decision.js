// Deciding by keyboard: 1 2 3 say what it was, then a number says why, Enter decides.
export function decision() {
  const form = document.querySelector("[data-decide]");
  if (!form) return;
  const kinds = [...form.querySelectorAll("[name=disposition]")];
  const groups = [...form.querySelectorAll("fieldset[data-reasons]")];
  const shown = () => groups.find((one) => one.classList.contains("shown"));

  function show() {
    const kind = kinds.find((one) => one.checked)?.value;
    for (const group of groups) {
      const own = group.dataset.reasons === kind;
      group.classList.toggle("shown", own);
      for (const code of group.querySelectorAll("input")) code.required = own;
    }
  }

  form.addEventListener("change", (event) => {
    if (event.target.name === "disposition") show();
  });
  // A decision is sent once, however often Enter is pressed.
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });

  document.addEventListener("penumbra:key", (event) => {
    const key = event.detail;
    const group = shown();
    if (group && /^[1-9]$/.test(key)) {
      const code = group.querySelector(`[data-code="${key}"]`);
      if (!code) return;
      code.checked = true;
      code.focus();
    } else if (/^[123]$/.test(key)) {
      const kind = form.querySelector(`[data-kind="${key}"]`);
      kind.checked = true;
      kind.focus();
      show();
    } else if (key === "Enter" && group?.querySelector(":checked")) form.requestSubmit(form.querySelector("[data-submit]"));
    else if (key === "Escape" && group) {
      for (const one of form.querySelectorAll("[type=radio]")) one.checked = false;
      show();
      kinds[0].blur();
      document.activeElement?.blur();
    } else return;
    event.preventDefault();
  });
  show();
}
