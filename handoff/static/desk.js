// Looks for news every half minute, without the jump and the lost focus of a reload.
// Without a script the page reloads itself, see queue.html.

const EVERY = 30_000; // milliseconds

async function look() {
  try {
    const response = await fetch("/desk", { cache: "no-store" });
    if (response.status === 401) location.reload(); // the door has closed
    if (response.ok) renew(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The time on the page says how old it is; the next look comes soon.
  }
}

function renew(fresh) {
  document.title = fresh.title;
  for (const part of ["header p", "#queue"]) {
    document.querySelector(part).replaceWith(fresh.querySelector(part));
  }
}

setInterval(look, EVERY);
