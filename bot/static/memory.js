// What this browser remembers. Where storage is refused (private windows), it lasts as long as the page.

const page = new Map();

const named = (key) => `banshi.${key}`;

/** The kept value, or null. */
export function recall(key) {
  if (page.has(key)) return page.get(key);
  try {
    return JSON.parse(localStorage.getItem(named(key)));
  } catch {
    return null;
  }
}

/** Keep a value; null forgets it. */
export function keep(key, value) {
  page.delete(key);
  try {
    if (value === null) localStorage.removeItem(named(key));
    else localStorage.setItem(named(key), JSON.stringify(value));
  } catch {
    page.set(key, value);
  }
}

/** The messages that no server has confirmed yet. Read anew each time: another tab may have changed them. */
export const unsent = {
  all: () => recall("unsent") ?? [],
  has: (id) => unsent.all().some((event) => event.event_id === id),
  add: (event) => keep("unsent", [...unsent.all(), event]),
  drop(id) {
    const left = unsent.all().filter((event) => event.event_id !== id);
    keep("unsent", left.length ? left : null);
  },
};
