// Fetches the page again and puts its content in place of what is shown, if it has changed: scroll, focus, what is open
// and what is typed stay. Stops while the tab is hidden, and when it is paused. Without it the page is as whole.
"use strict";

(() => {
  const KEY = "datalake.paused";
  const main = document.getElementById("content");
  const button = document.getElementById("refresh");
  const told = document.getElementById("told");
  const seconds = Number(main.dataset.live);
  if (!seconds) return;
  let shown = "";  // what was fetched last; before that, what came with the page
  let timer = 0;

  const paused = () => localStorage.getItem(KEY) === "1";

  function label() {
    button.hidden = false;
    button.textContent = paused() ? "Refresh by itself again" : "Pause the refresh";
    button.setAttribute("aria-pressed", String(paused()));
  }

  // Where an element is among its parents, to find the same one in the new content.
  function pathTo(element) {
    const path = [];
    for (let each = element; each && each !== main; each = each.parentElement) {
      path.unshift([...each.parentElement.children].indexOf(each));
    }
    return path;
  }

  const at = (path) => path.reduce((each, place) => each && each.children[place], main);

  function busy() {
    const chosen = getSelection();
    const reading = chosen && !chosen.isCollapsed && main.contains(chosen.anchorNode);
    const typing = document.activeElement.matches("input, select, textarea") && main.contains(document.activeElement);
    return reading || typing || [...main.querySelectorAll("input:not([type=hidden])")].some((each) => each.value !== each.defaultValue);
  }

  function keep() {
    const active = main.contains(document.activeElement) ? pathTo(document.activeElement) : null;
    const open = [...main.querySelectorAll("details")].map((each) => each.open);
    const across = [...main.querySelectorAll(".scroll")].map((each) => [each.scrollLeft, each.scrollTop]);
    const from = [scrollX, scrollY];
    return () => {
      main.querySelectorAll("details").forEach((each, place) => { if (place in open) each.open = open[place]; });
      main.querySelectorAll(".scroll").forEach((each, place) => { if (place in across) [each.scrollLeft, each.scrollTop] = across[place]; });
      const again = active && at(active);
      if (again) again.focus({ preventScroll: true });
      scrollTo(...from);
    };
  }

  const verdict = (content) => { const heading = content.querySelector("h1"); return heading ? heading.textContent.trim() : ""; };

  function swap(text) {
    const found = new DOMParser().parseFromString(text, "text/html").getElementById("content");
    if (!found || found.innerHTML === shown) return;
    shown = found.innerHTML;
    const restore = keep();
    const before = verdict(main);
    main.replaceChildren(...found.childNodes);
    restore();
    if (verdict(main) !== before) told.textContent = `Now: ${verdict(main)}`;
    document.dispatchEvent(new Event("datalake:refreshed"));
  }

  async function refresh() {
    if (paused() || document.hidden || busy()) return;
    try {
      const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
      if (answer.ok && !busy()) swap(await answer.text());
      main.classList.remove("stale");
    } catch {
      main.classList.add("stale");
      told.textContent = "The dashboard cannot be reached: what is shown is as of the last refresh.";
    }
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(async () => { await refresh(); wait(); }, seconds * 1000);
  }

  button.addEventListener("click", async () => {
    localStorage.setItem(KEY, paused() ? "0" : "1");
    label();
    if (!paused()) await refresh();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  shown = main.innerHTML;
  label();
  wait();
})();
