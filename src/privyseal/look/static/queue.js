/* The live queue: what changed is counted and announced; rows never move by themselves. Events carry ids and states only. */
(() => {
  const live = document.getElementById("live");
  const bulk = document.querySelector("[data-bulk]");
  if (bulk) {
    const told = bulk.querySelector("[data-bulk-count]");
    const boxes = [...document.querySelectorAll("input[name=id]")];
    const all = document.querySelector("[data-choose-all]");
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      bulk.hidden = !chosen;
      told.textContent = chosen === 1 ? told.dataset.one : told.dataset.many.replace("%s", chosen);
      if (!all) return;
      const free = boxes.filter((box) => !box.disabled).length;
      all.checked = free > 0 && chosen === free;
      all.indeterminate = chosen > 0 && chosen < free;
    };
    for (const box of boxes) box.addEventListener("change", count);
    all?.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked && !box.disabled;
      count();
    });
    addEventListener("pageshow", count);
    count();
  }
  const stream = document.querySelector("[data-events]");
  if (!stream || !window.EventSource) return;

  const states = live ? JSON.parse(live.dataset.states) : [];
  const words = live ? JSON.parse(live.dataset.words) : {};
  const fresh = new Set();
  const link = live?.querySelector("a");
  const belongs = (state) => !states.length || states.includes(state);
  const announce = (text) => {
    live.hidden = !text;
    if (!text || link.textContent === text) return;
    link.textContent = text;
    document.getElementById("announcer").textContent = text;
  };
  const tell = (waiting) => {
    if (!live) return;
    if (fresh.size) announce(fresh.size === 1 ? live.dataset.one : live.dataset.many.replace("%s", fresh.size));
    else announce(waiting !== undefined && live.dataset.changed && String(waiting) !== live.dataset.waiting ? live.dataset.changed : "");
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

  // A change says what a request is now, not what it was before: the numbers are asked for, once for all changes of a moment.
  let asked = 0;
  const count = async () => {
    asked = 0;
    const answer = await fetch(stream.dataset.counts, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const found = await answer.json();
    for (const place of document.querySelectorAll("[data-count]")) {
      const number = found[place.dataset.count];
      if (number === undefined) continue;
      place.textContent = number.toLocaleString(document.documentElement.lang);
      if (place.classList.contains("count")) place.hidden = !number;
    }
    tell(found.waiting);
  };
  const recount = () => (asked ||= setTimeout(count, 200));

  let source = null;
  // A list that nobody tells anything looks as if nothing happened, so it says that it is cut off.
  const notice = document.getElementById("cut-off");
  const PATIENCE = 5000;
  let late = 0;
  let again = 0;
  const cutOff = () => {
    late ||= setTimeout(() => {
      notice.hidden = false;
      document.getElementById("announcer").textContent = notice.textContent;
    }, PATIENCE);
    // A browser tries again by itself after a broken line, but never after an answer that is no stream, as a front gives during a restart.
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    again ||= setTimeout(() => {
      again = 0;
      follow();
    }, PATIENCE);
  };
  const linked = () => {
    if (!late) return;
    clearTimeout(late);
    late = 0;
    notice.hidden = true;
    recount();
  };

  const follow = () => {
    if (source || document.hidden) return;
    source = new EventSource(stream.dataset.events);
    source.addEventListener("error", cutOff);
    source.addEventListener("open", linked);
    source.addEventListener("request", (event) => {
      const { id, state } = JSON.parse(event.data);
      const row = document.querySelector(`[data-request="${CSS.escape(id)}"]`);
      if (row) change(row, state);
      else if (live?.dataset.newest === "yes" && belongs(state)) fresh.add(id);
      else fresh.delete(id);
      tell();
      recount();
    });
  };
  const leave = () => {
    source?.close();
    source = null;
  };
  // A page that nobody sees holds no connection: a browser has six of them for all pages of a service.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return leave();
    follow();
    recount();
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", follow);
  follow();
})();
