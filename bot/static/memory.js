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

const contents = new Map();

/** Photos and files that no server has yet, by the id of their event. They outlive a reload, not their sending. */
export const photos = {
  /** `content` is a promise. */
  keep(id, content) {
    contents.set(id, content);
    content
      .then((blob) => contents.has(id) && stored("readwrite", (store) => store.put(blob, id)))
      .catch(() => {}); // the page has it
  },
  /** The content, or null. */
  async recall(id) {
    return contents.get(id) ?? (await stored("readonly", (store) => store.get(id)).catch(() => null)) ?? null;
  },
  drop(id) {
    contents.delete(id);
    stored("readwrite", (store) => store.delete(id)).catch(() => {});
  },
};

/** Something done in the browser's database, which takes what is too large for the storage of words. */
async function stored(mode, act) {
  const database = await settled(indexedDB.open(named("photos")), (open) => open.result.createObjectStore("photos"));
  try {
    return await settled(act(database.transaction("photos", mode).objectStore("photos")));
  } finally {
    database.close();
  }
}

function settled(request, prepare) {
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => prepare(request);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The messages that no server has confirmed yet. Read anew each time: another tab may have changed them. */
export const unsent = {
  all: () => recall("unsent") ?? [],
  has: (id) => unsent.all().some((event) => event.event_id === id),
  add: (event) => keep("unsent", [...unsent.all(), event]),
  drop(id) {
    const all = unsent.all();
    const left = all.filter((event) => event.event_id !== id);
    const gone = all.find((event) => event.event_id === id);
    if (gone?.kind === "photo" || gone?.kind === "file") photos.drop(id);
    keep("unsent", left.length ? left : null);
  },
};
