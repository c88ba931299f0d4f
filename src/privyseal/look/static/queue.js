/* The live queue: what changed is counted and announced; rows never move by themselves. Events carry ids and states only. */
(() => {
  const live = document.getElementById("live");
  const bulk = document.querySelector("[data-bulk]");
  if (bulk) {
    const told = bulk.querySelector("[data-bulk-count]");
    const boxes = [...document.querySelectorAll("input[name=id]")];
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      bulk.hidden = !chosen;
      told.textContent = chosen === 1 ? told.dataset.one : told.dataset.many.replace("%s", chosen);
    };
    for (const box of boxes) box.addEventListener("change", count);
    addEventListener("pageshow", count);
    count();
  }
  if (!live || !window.EventSource) return;
  const states = JSON.parse(live.dataset.states);
  const words = JSON.parse(live.dataset.words);
  const fresh = new Set();
  const link = live.querySelector("a");
  const belongs = (state) => !states.length || states.includes(state);
  const announce = () => {
    live.hidden = !fresh.size;
    if (!fresh.size) return;
    link.textContent = fresh.size === 1 ? live.dataset.one : live.dataset.many.replace("%s", fresh.size);
    document.getElementById("announcer").textContent = link.textContent;
  };
  const change = (row, state) => {
    if (row.dataset.state === state) return;
    row.dataset.state = state;
    const seal = row.querySelector(".state");
    const [kind, text] = words[state];
    seal.className = `state state-${kind}`;
    seal.lastChild.textContent = text;
    row.classList.add("fresh");
    row.classList.toggle("over", !belongs(state));
    const box = row.querySelector("input[name=id]");
    if (box && !["pending", "held", "failed"].includes(state)) {
      box.checked = false;
      box.disabled = true;
      box.dispatchEvent(new Event("change"));
    }
  };
  const source = new EventSource(live.dataset.events);
  source.addEventListener("request", (event) => {
    const { id, state } = JSON.parse(event.data);
    const row = document.querySelector(`[data-request="${CSS.escape(id)}"]`);
    if (row) change(row, state);
    else if (live.dataset.newest === "yes" && belongs(state)) fresh.add(id);
    else fresh.delete(id);
    announce();
  });
  addEventListener("pagehide", () => source.close());
})();
