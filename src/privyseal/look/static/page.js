/* What every page gains when scripts run: times in the reader's zone, copy buttons, focus on errors, shortcuts, one submit. */
(() => {
  // The pages write the day before the month in English too.
  const tongue = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const day = new Intl.DateTimeFormat(tongue, { day: "numeric", month: "long", year: "numeric" });
  const clock = (more) => new Intl.DateTimeFormat(tongue, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short", ...more });
  const [toMinutes, toSeconds] = [clock({}), clock({ second: "2-digit" })];
  const zoned = (moment, precise) => `${day.format(moment)}, ${(precise ? toSeconds : toMinutes).format(moment)}`;
  const localize = (root) => {
    for (const element of root.querySelectorAll("time[datetime]:not([data-local])")) {
      element.dataset.local = "";
      const moment = new Date(element.dateTime);
      if ("exact" in element.dataset) element.textContent = zoned(moment, element.dataset.exact === "seconds");
      else element.title = `${zoned(moment)} (${element.title})`;
    }
  };
  localize(document);
  document.addEventListener("htmx:after:swap", () => localize(document));

  // On a narrow screen the cells of a row stand below each other, where the head of the table is out of sight.
  for (const table of document.querySelectorAll(".work-list")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    for (const cell of table.querySelectorAll("tbody td:not(.choose), tbody th:not(.name)")) cell.dataset.label = heads[cell.cellIndex] ?? "";
  }

  // A wide head shows its links; open says so to programs that read the page aloud, and to browsers whose styles cannot.
  const menu = document.querySelector("[data-menu]");
  const wide = matchMedia("(min-width: 36rem)");
  const unfold = () => (menu.open = wide.matches);
  wide.addEventListener("change", unfold);
  unfold();

  document.querySelector(".error-summary")?.focus();

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const before = button.textContent;
    button.textContent = button.dataset.done;
    document.getElementById("announcer").textContent = button.dataset.done;
    setTimeout(() => (button.textContent = before), 1500);
  });

  // A second press while the first is on its way asks for the same thing twice.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.dataset.again !== undefined) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  for (const button of document.querySelectorAll("button[data-theme]")) {
    button.addEventListener("click", () => {
      const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
      localStorage.setItem("theme", next);
      document.documentElement.dataset.bsTheme = next;
    });
  }

  const dialog = document.getElementById("shortcuts");
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const choose = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("chosen"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    for (const row of all) row.classList.toggle("chosen", row === next);
    next.querySelector("a")?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog[open]") && event.key !== "Escape") return;
    if (event.key === "?") dialog?.showModal();
    else if (event.key === "j") choose(1);
    else if (event.key === "k") choose(-1);
    else if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (!field) return;
      event.preventDefault();
      field.focus();
    } else {
      const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (target) {
        event.preventDefault();
        target.focus();
        if (target.matches("a, summary, button[data-direct]")) target.click();
      }
    }
  });
  for (const button of document.querySelectorAll("[data-shortcuts]")) button.addEventListener("click", () => dialog?.showModal());
})();
