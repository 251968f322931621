// Keeps a page of the desk fresh without a jump. Every form works without this; what is shown is always the server's.

const EVERY = 20_000; // milliseconds; the stream tells of news sooner
const REST = 2_500; // between two looks, however much news there is

const parts = () => [...document.querySelectorAll("[data-live]")];
const log = () => document.querySelector("[data-log]");
const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 40;

let looking = false;
let lookedAt = -REST;
let due = 0;

/** At once, or as soon as the last look is long enough ago. */
function lookSoon() {
  clearTimeout(due);
  due = setTimeout(look, Math.max(0, lookedAt + REST - performance.now()));
}

async function look() {
  if (looking || !parts().length) return;
  looking = true;
  lookedAt = performance.now();
  try {
    const response = await fetch(location.href, { cache: "no-store", headers: { "X-Look": "1" } });
    if (response.redirected && new URL(response.url).pathname === "/desk/login") location.reload(); // signed out
    else if (response.ok) renew(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The next look comes soon.
  } finally {
    looking = false;
  }
}

/** Put in what has changed; whoever reads further up, or stands on a link, stays there. */
function renew(fresh) {
  document.title = fresh.title;
  for (const part of parts()) {
    const other = fresh.getElementById(part.id);
    if (!other || other.innerHTML === part.innerHTML) continue;
    const end = atEnd(part);
    const top = part.scrollTop;
    const stood = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.replaceChildren(...other.childNodes);
    part.scrollTop = end ? part.scrollHeight : top;
    if (stood) part.querySelector(`[href="${CSS.escape(stood)}"]`)?.focus();
  }
}

function fill(text) {
  const box = document.getElementById("say");
  if (!box) return;
  box.value = box.value ? `${box.value}\n${text}` : text;
  box.focus();
  document.querySelector(".canned")?.removeAttribute("open");
}

document.addEventListener("click", ({ target }) => {
  const text = target.closest?.("[data-fill]")?.dataset.fill;
  if (text !== undefined) fill(text);
});

document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-send]");
  if (!box || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  box.form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault(); // a second press says nothing twice
  event.target.dataset.sent = "yes";
});

if (parts().length) {
  const stream = new EventSource("/desk/stream");
  stream.addEventListener("news", lookSoon);
  addEventListener("pagehide", () => stream.close());
  setInterval(look, EVERY);
}

const box = log();
if (box) box.scrollTop = box.scrollHeight;
if (box && matchMedia("(min-width: 900px)").matches) document.getElementById("say")?.focus({ preventScroll: true });
