/* Before the first paint: the reader's theme, and the fact that scripts run. Small and blocking on purpose. */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.dataset.bsTheme = localStorage.getItem("theme") || (dark.matches ? "dark" : "light");
  };
  apply();
  dark.addEventListener("change", apply);
  root.classList.remove("no-script");
})();
