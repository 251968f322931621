// The routes of the web chat, as bot/channels/webchat.py has them.

import { keep, photos, recall } from "./memory.js";

const SEND_WITHIN = 20_000; // milliseconds; a dead mobile network must not look like sending for ever
const LARGEST = 15 * 1024 * 1024; // bytes of a photo or file, as bot/materials/cleaning.py has it
const SILENCE = 45_000; // the server says something on the stream, if only a comment, every 15 seconds

/** The server does not know our token. */
export class Stranger extends Error {}

let welcoming = null;

export const visitor = () => recall("visitor");

/** Forget a visitor whom the server has forgotten; not one that another tab has made since. */
export function forget(stranger) {
  if (visitor()?.token === stranger?.token) keep("visitor", null);
}

/** The visitor that we are; a new one where there is none. Two messages at once make one visitor. */
async function present() {
  if (visitor()) return visitor();
  welcoming ??= welcome().finally(() => (welcoming = null));
  return welcoming;
}

async function welcome() {
  const response = await fetch("/api/visitors", { method: "POST" });
  if (!response.ok) throw new Error(`visitors: ${response.status}`);
  const made = await response.json();
  keep("visitor", made);
  return made;
}

const proof = (who) => ({ Authorization: `Bearer ${who.token}` });

/** A name for an event. Not randomUUID, which a page without https does not have. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Send a message; never throws. `progress(part)` is called while a photo or file is on its way.
 * state "kept": it is on the server's disk, `answered` where its answer is there already.
 * state "failed": sending the same again may help. state "refused": it cannot. `why` is a sentence, or empty.
 */
export async function send(event, progress) {
  try {
    let who = await present();
    let response = await attempt(event, who, progress);
    if (response.status === 401) {
      forget(who);
      who = await present();
      response = await attempt(event, who, progress);
    }
    return await verdict(response);
  } catch {
    return { state: "failed", why: "" };
  }
}

/** A photo or file goes first, and then its name. What is kept already is not sent a second time. */
async function attempt(event, who, progress) {
  const { event_id, kind, text } = event;
  if (kind !== "photo" && kind !== "file") return post({ [kind]: text, event_id }, who);
  if (event.upload?.visitor !== who.visitor) {
    const content = await photos.recall(event_id);
    if (!content) return refusal(422, "这张照片没有留住。");
    const kept = await upload(content, who, progress);
    if (!kept.ok) return kept;
    event.upload = { visitor: who.visitor, name: (await kept.json()).photo };
  }
  const response = await post({ [kind]: event.upload.name, event_id }, who);
  if (response.status === 422) delete event.upload; // it waited too long, and is gone there
  return response;
}

async function post(event, who) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), SEND_WITHIN);
  const headers = { ...proof(who), "Content-Type": "application/json" };
  const asked = { method: "POST", headers, body: JSON.stringify(event), signal: stop.signal };
  return fetch("/api/chat?wait=0", asked).finally(() => clearTimeout(late));
}

/** Not fetch, which does not say how far it is. It may take its time, but not stand still. */
function upload(content, who, progress) {
  if (content.size > LARGEST) return refusal(413, "这个文件太大了，最大 15 MB。");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watchdog = 0;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => request.abort(), SEND_WITHIN);
    };
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      alive();
      progress(loaded / total);
    });
    request.addEventListener("load", () => resolve(new Response(request.responseText, { status: request.status })));
    request.addEventListener("loadend", () => {
      clearTimeout(watchdog);
      reject(new Error("uploads")); // without effect where it is loaded
    });
    request.open("POST", "/api/uploads");
    for (const [name, value] of Object.entries(proof(who))) request.setRequestHeader(name, value);
    alive();
    request.send(content);
  });
}

const refusal = (status, detail) => new Response(JSON.stringify({ detail }), { status });

/** Say what we think of an answer; whether the server has it. Never throws. */
export async function cast(answer, vote, reason) {
  try {
    const response = await fetch("/api/chat", {
      method: "POST",
      headers: { ...proof(visitor()), "Content-Type": "application/json" },
      body: JSON.stringify({ vote, answer, reason, event_id: newId() }),
      signal: AbortSignal.timeout(SEND_WITHIN),
    });
    return response.status === 202 || (response.status === 200 && (await response.json()).outcome === "saved");
  } catch {
    return false;
  }
}

async function verdict(response) {
  if (response.ok) return { state: "kept", answered: response.status === 200 };
  const why = await sentence(response);
  if (response.status === 413) return { state: "refused", why: why || "这条太长了，请分成几条发。" };
  if (response.status === 422) return { state: "refused", why: why || "这条系统收不了，请换个说法再发。" };
  return { state: "failed", why };
}

/** The server's own sentence, where it has one for citizens: those are Chinese, the others are for programmers. */
async function sentence(response) {
  const body = await response.json().catch(() => ({}));
  return typeof body.detail === "string" && /\p{Script=Han}/u.test(body.detail) ? body.detail : "";
}

/** The conversation so far. Raises Stranger. */
export async function history(who) {
  return (await get("/api/chat/history", who)).json();
}

/**
 * Hear our lines behind the cursor until the connection ends. Raises Stranger.
 * EventSource would do this, but it cannot send the token.
 */
export async function listen(who, after, opened, heard) {
  const stop = new AbortController();
  let watchdog = 0;
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => stop.abort(), SILENCE);
  };
  try {
    alive();
    const response = await get(`/api/chat/stream?after=${after}`, who, stop.signal);
    opened();
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      text += decoder.decode(value, { stream: true });
      const events = text.split(/\r?\n\r?\n/);
      text = events.pop();
      events.map(data).filter(Boolean).forEach((line) => heard(JSON.parse(line)));
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** The data of one server-sent event; empty for a comment. */
function data(event) {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trimStart()).join("\n");
}

async function get(path, who, signal) {
  const response = await fetch(path, { headers: proof(who), cache: "no-store", signal });
  if (response.status === 401) throw new Stranger(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
