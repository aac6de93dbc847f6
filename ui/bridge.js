/* Follows links inside the app without a new session, copies citations, brings a found passage into view, and
   keeps the keyboard where the reader types. Touches nothing but what it is asked to. Works without: links then
   reload the page. */
export default function () {
  if (window.almanacBridge) return;
  window.almanacBridge = true;

  const inApp = 'a[href^="/"]';
  const main = () => document.querySelector('[data-testid="stMain"]');

  function follow(event) {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const copy = event.target.closest?.("[data-copy]");
    if (copy) return void copyText(copy);
    const menu = event.target.closest?.('header a[href], [data-testid="stSidebarNav"] a[href], header img');
    if (menu) return void fromMenu(event, menu);
    const link = event.target.closest?.(inApp);
    if (!link || !link.closest('[data-testid="stHtml"], [data-testid="stMarkdown"]')) return;
    if (link.origin !== window.location.origin || link.getAttribute("href").startsWith("//")) return;
    go(event, link.href, link.dataset.stay && link.pathname === window.location.pathname);
  }

  // The menu's entry for the page one is on leads to its beginning, not to where one is already.
  function fromMenu(event, entry) {
    const path = entry.tagName === "A" ? entry.pathname : "/";
    if (path === window.location.pathname && window.location.search) go(event, path, false);
  }

  function go(event, address, stay) {
    event.preventDefault();
    event.stopPropagation();
    window.history.pushState({}, "", address);
    // Streamlit answers this as it answers the browser's own back and forward buttons.
    window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    if (!stay) main()?.scrollTo(0, 0);
  }

  function copyText(button) {
    const said = button.textContent;
    navigator.clipboard.writeText(button.dataset.copy).then(
      () => { button.textContent = "Copied"; },
      () => { button.textContent = "Copying was refused"; },
    ).finally(() => setTimeout(() => { button.textContent = said; }, 1600));
  }

  // A rerun may draw the same place anew: at one address each place is brought into view once, or what
  // the reader does next moves away under the pointer.
  const seen = new WeakSet(), places = new Set();
  let waiting = false, address = "";
  function bringIntoView() {
    waiting = false;
    keepTyping();
    if (address !== location.href) { address = location.href; places.clear(); }
    for (const found of document.querySelectorAll("[data-scroll-here]")) {
      if (seen.has(found)) continue;
      seen.add(found);
      const place = `${found.closest("[id]")?.id} ${found.textContent}`;
      if (places.has(place)) continue;
      places.add(place);
      for (let up = found.parentElement?.closest("details"); up; up = up.parentElement?.closest("details")) up.open = true;
      const block = ["start", "nearest"].includes(found.dataset.scrollHere) ? found.dataset.scrollHere : "center";
      requestAnimationFrame(() => show(found, block));
    }
  }

  // What comes below it, or a fold that opens, may give it its place a moment later; not where the reader scrolled on.
  function show(found, block) {
    found.scrollIntoView({ block });
    const at = main()?.scrollTop;
    setTimeout(() => { if (main()?.scrollTop === at) found.scrollIntoView({ block }); }, 500);
  }

  function searchBox(event) {
    if (event.key !== "/" || event.target.closest?.("input, textarea, [contenteditable]")) return;
    const box = document.querySelector('input[aria-label="Search the library"], [data-testid="stChatInputTextArea"]');
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }

  // The box that a question was sent from goes, or is closed while it is answered. Once one is open again it takes the
  // keyboard, so that the reader can type on; not where that would bring up a keyboard on the screen, nor
  // where the reader went elsewhere meanwhile.
  const BOX = '[data-testid="stChatInputTextArea"]';
  const onScreen = window.matchMedia("(pointer: coarse)");
  const filled = new WeakSet();
  let sent = false;
  function noteSending(event) {
    const byKey = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches?.(BOX);
    sent = byKey || (event.type !== "keydown" && !!event.target.closest?.('[data-testid="stChatInputSubmitButton"]'));
  }
  function keepTyping() {
    if (sent && !onScreen.matches && document.activeElement === document.body)
      document.querySelector(`${BOX}:enabled`)?.focus({ preventScroll: true });
    // A form that was just asked for takes it at once.
    for (const form of document.querySelectorAll('[class*="st-key-al_type_"]')) {
      const field = form.querySelector("textarea, input");
      if (!field || filled.has(field)) continue;
      filled.add(field);
      field.focus({ preventScroll: true });
      if (field.tagName === "INPUT") field.select();
      else field.setSelectionRange(field.value.length, field.value.length);
    }
  }

  document.addEventListener("click", follow, true);
  document.addEventListener("pointerdown", noteSending, true);
  document.addEventListener("keydown", noteSending, true);
  document.addEventListener("keydown", searchBox);
  new MutationObserver(() => {
    if (!waiting) { waiting = true; requestAnimationFrame(bringIntoView); }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
  bringIntoView();
}
