// The citizen's page: what was said, what is being sent, and what has not arrived.

import { advance, botLine, citizenLine, illustrate, stand, timeMark } from "./bubbles.js";
import { compose, measure, write } from "./composer.js";
import { keep, photos, recall, unsent } from "./memory.js";
import { attach, isPhoto, pick, prepared, thumbnail } from "./photos.js";
import { atEnd, reveal, watch } from "./scrolling.js";
import { Stranger, cast, forget, history, listen, newId, send, visitor } from "./server.js";

const LONGEST_PAUSE = 20_000; // milliseconds between two attempts to reconnect
const CODE = /^[A-Z0-9]{5}-[A-Z0-9]{5}$/i; // a draft is gone on with by it

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const [log, typing, trouble, box, large] = ["log", "typing", "trouble", "say", "large"].map(byId);

const shown = new Map(); // every line on the page by its id, so that none is shown twice
let leftOver = unsent.all(); // what an earlier page could not send
let asked = []; // messages whose answer we wait for, oldest first: [{id, kept}]
let answeredAt = ""; // the time of the turn whose bubbles came last
let following = null; // the visitor whose stream is open
let wake = () => {}; // ends the pause before the next attempt to reconnect
let sending = Promise.resolve(); // one message after the other, so that they arrive in order

// --- lines ---

function append(id, at, line) {
  const mark = timeMark(at);
  if (mark) log.append(mark);
  log.append(line);
  shown.set(id, line);
  return line;
}

/** Put a line of the server's on the page, where it is not there yet. */
function show(line, who) {
  const id = line.who === "bot" ? `${who.visitor}:${line.id}` : line.event_id;
  if (line.who === "citizen") settle(id);
  if (shown.has(id)) return;
  if (line.who === "citizen") append(id, line.at, citizenLine(line.message.text, line.kind));
  else append(id, line.at, botLine(line.message, (choice) => say("tap", choice), cast, line.vote));
}

/** The bubbles of one turn have one time: a new time means that the next message has been answered. */
function answered(at) {
  if (at !== answeredAt) asked.shift();
  answeredAt = at;
  showTyping();
}

function showTyping() {
  const words = asked.some((one) => one.kept) ? "正在查…" : "";
  if (typing.textContent !== words) typing.textContent = words;
}

// --- sending ---

function say(kind, text, file = null) {
  const event = { event_id: newId(), kind, text, at: new Date().toISOString() };
  unsent.add(event);
  if (file) photos.keep(event.event_id, prepared(file));
  root.classList.add("begun");
  reveal(put(event));
  deliver(event);
}

function put(event) {
  const line = append(event.event_id, event.at, citizenLine(event.text, event.kind));
  if (event.kind === "photo") picture(event, line);
  return line;
}

/** The citizen's own picture, from the file that this browser has. */
async function picture({ event_id }, line) {
  const content = await photos.recall(event_id);
  const found = content && (await thumbnail(content));
  if (!found) return;
  const end = atEnd();
  illustrate(line, found);
  if (end) reveal(log.lastElementChild);
}

function deliver(event) {
  const line = shown.get(event.event_id);
  stand(line, "sending");
  asked.push({ id: event.event_id, kept: false });
  sending = sending.then(async () => outcome(event, await send(event, (part) => advance(line, part))));
}

function outcome(event, { state, why, answered }) {
  const waits = asked.find((one) => one.id === event.event_id);
  if (waits && state === "kept" && !answered) waits.kept = true;
  else asked = asked.filter((one) => one !== waits);
  if (state === "kept") {
    settle(event.event_id);
    follow();
    wake();
  } else undelivered(event, state, why);
  showTyping();
}

/** The server has it. */
function settle(id) {
  unsent.drop(id);
  const line = shown.get(id);
  if (line && line.dataset.state !== "kept") stand(line, "kept");
}

function undelivered(event, state, why) {
  const line = shown.get(event.event_id);
  const remove = () => {
    unsent.drop(event.event_id);
    line.remove();
    box.focus();
  };
  const again = () => {
    line.focus(); // the button goes; the keyboard stays here
    deliver(event);
  };
  const edit = () => {
    remove();
    write(event.text);
  };
  const another = () => {
    remove();
    pick();
  };
  const better = event.kind === "text" || event.kind === "tap" ? ["改一改", edit] : ["重新选", another];
  const [label, act] = state === "refused" ? better : ["重发", again];
  stand(line, state, why, [{ label, act }, { label: "不发了", act: remove }]);
  reveal(line);
}

function offerLeftOver() {
  for (const event of leftOver.filter(({ event_id }) => unsent.has(event_id) && !shown.has(event_id))) {
    put(event);
    undelivered(event, "failed", "");
  }
  leftOver = [];
}

// --- hearing ---

/** Everything so far; what did arrive without our hearing of it is settled. The cursor behind it. */
async function catchUp(who) {
  const past = await history(who);
  const stay = !atEnd();
  const before = shown.size;
  log.setAttribute("aria-busy", "true");
  ease(past.eased);
  for (const line of past.lines) show(line, who);
  log.setAttribute("aria-busy", "false");
  const known = new Set(past.lines.map((line) => line.event_id));
  const behind = past.lines.slice(past.lines.map((line) => line.who).lastIndexOf("bot") + 1);
  asked = [
    ...behind.map((line) => ({ id: line.event_id, kept: true })),
    ...asked.filter((one) => !one.kept && !known.has(one.id)),
  ];
  offerLeftOver();
  goOn();
  showTyping();
  root.classList.toggle("begun", shown.size > 0);
  if (shown.size > before && !stay) reveal(log.lastElementChild);
  return past.cursor;
}

/** Hear the server until it forgets us. Connects again behind the last line, more and more patiently. */
async function follow() {
  const who = visitor();
  if (!who || who.visitor === following) return;
  following = who.visitor;
  let cursor = -1;
  let pause = 1000;
  const opened = () => {
    trouble.textContent = "";
    pause = 1000;
  };
  let first = null; // the bubble that the turn began with
  const heard = (line) => {
    const end = atEnd();
    cursor = Math.max(cursor, line.id);
    ease(line.eased);
    show(line, who);
    if (line.at !== answeredAt) first = log.lastElementChild;
    answered(line.at);
    if (end) reveal(log.lastElementChild, first);
  };
  while (following === who.visitor) {
    try {
      if (cursor < 0 || unsent.all().length) cursor = Math.max(cursor, await catchUp(who));
      await listen(who, cursor, opened, heard);
    } catch (error) {
      if (error instanceof Stranger) return stranger(who);
    }
    if (pause > 1000) trouble.textContent = "连接断了，正在重新连接…"; // not for a moment's break
    await rest(pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** The server has forgotten us; the next message makes a new visitor. */
function stranger(who) {
  forget(who);
  if (following === who.visitor) following = null;
  trouble.textContent = "";
  beginAnew();
}

function beginAnew() {
  offerLeftOver();
  goOn();
  root.classList.toggle("begun", shown.size > 0);
}

function rest(milliseconds) {
  return new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, milliseconds);
  });
}

// --- the page ---

function enlarge() {
  const on = root.classList.toggle("large");
  keep("large", on || null);
  large.setAttribute("aria-pressed", on);
  measure();
}

/** Who asked for large type in words gets it here, once: the button decides afterwards. */
function ease(on) {
  if (on === (recall("eased") === true)) return;
  keep("eased", on || null);
  if (on !== root.classList.contains("large")) enlarge();
}

function example(event) {
  say("text", event.currentTarget.textContent.trim());
  log.lastElementChild.focus(); // the examples are gone; the keyboard goes on from here
}

/** A code that came with the address, see go.html, is said once. */
function goOn() {
  const code = new URLSearchParams(location.search).get("go");
  if (code === null) return;
  window.history.replaceState(null, "", location.pathname + location.hash);
  if (CODE.test(code)) say("text", code);
}

compose((text) => say("text", text));
attach((file) => (isPhoto(file) ? say("photo", "", file) : say("file", file.name, file)));
watch();
large.setAttribute("aria-pressed", recall("large") === true);
large.addEventListener("click", enlarge);
byId("human").addEventListener("click", () => say("text", "人工"));
for (const button of document.querySelectorAll(".example")) button.addEventListener("click", example);
addEventListener("online", () => wake());
addEventListener("visibilitychange", () => wake());
if (visitor()) follow();
else beginAnew();
