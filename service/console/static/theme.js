// Before anything is drawn: the theme this person chose, else the system's.
(() => {
  const chosen = localStorage.getItem("penumbra-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
