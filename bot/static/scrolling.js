// What is in view.

const byId = (id) => document.getElementById(id);
const [log, typing, form] = ["log", "typing", "composer"].map(byId);

/** Whoever reads further up is left there. */
export const atEnd = () => innerHeight + scrollY > document.body.scrollHeight - 160;

/** Bring a line into view, and those from `first` on; where there is no room for all of them, their beginning. */
export function reveal(line, first = line) {
  if (!line) return;
  const room = innerHeight - form.offsetHeight - document.querySelector("header").offsetHeight;
  const height = line.getBoundingClientRect().bottom - first.getBoundingClientRect().top;
  if (height > room) first.scrollIntoView({ block: "start" });
  else line.scrollIntoView({ block: "end" });
}

/** Whoever is at the end stays there when the bar below grows, or when a keyboard takes half of the window. */
function makeRoom() {
  const end = atEnd();
  document.documentElement.style.scrollPaddingBottom = `${form.offsetHeight + typing.offsetHeight + 20}px`;
  if (end) log.lastElementChild?.scrollIntoView({ block: "end" });
}

/** From the conversation to the common questions, and back to its end. */
function turnPage() {
  if (document.documentElement.classList.contains("reading")) {
    scrollTo(0, 0);
    byId("faq").focus({ preventScroll: true });
  } else reveal(log.lastElementChild);
}

/** Keep it so. */
export function watch() {
  new ResizeObserver(makeRoom).observe(form);
  addEventListener("hashchange", turnPage);
  window.history.scrollRestoration = "manual"; // the page scrolls to the end of the conversation itself
}
