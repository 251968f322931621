// What a line of the conversation looks like. Words are put in as text, never as HTML.

const PAUSE = 10 * 60_000; // milliseconds of silence after which the time is shown

const DOUBLE = 500; // milliseconds in which a second tap is none, though the page has moved another choice under it

const clone = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

let lastAt = 0;
let tappedAt = -DOUBLE;

/** The time of day, where some time has passed since the line before; otherwise null. */
export function timeMark(at) {
  const time = new Date(at);
  const passed = time - lastAt;
  lastAt = time.getTime();
  if (passed < PAUSE) return null;
  const mark = document.createElement("time");
  mark.className = "time";
  mark.dateTime = time.toISOString();
  const day = `${time.getMonth() + 1}月${time.getDate()}日`;
  const minutes = String(time.getMinutes()).padStart(2, "0");
  mark.textContent = `${day} ${time.getHours()}:${minutes}`;
  return mark;
}

/**
 * A line of ours; `choose(text)` is called when a choice is tapped.
 * `cast(answer, vote, reason)` sends what is thought of an answer and resolves to whether it was kept; `vote` is what was.
 */
export function botLine(message, choose, cast, vote = "") {
  const line = clone("bot-line");
  line.querySelector(".text").textContent = message.text;
  if (message.by) {
    const name = line.querySelector(".by");
    name.textContent = message.by;
    name.classList.remove("unseen");
    line.classList.add("person");
  }
  const bubble = line.querySelector(".bubble");
  const links = message.links.filter((link) => /^https?:$/.test(new URL(link.url, location.href).protocol));
  line.querySelector(".links").append(...links.map(anchor));
  if (message.sources.length) bubble.append(basis(message.sources));
  line.classList.toggle("asks", message.choices.length > 0);
  line.querySelector(".choices").append(...message.choices.map((choice) => button(choice, choose)));
  if (message.answer) bubble.after(votes((...told) => cast(message.answer, ...told), vote));
  return line;
}

/** Two quiet buttons; the second opens the reasons. What is pressed is what the server has. */
function votes(cast, vote) {
  const made = clone("votes");
  const [up, down, why, thanks] = [".up", ".down", ".why", ".thanks"].map((name) => made.querySelector(name));
  const press = (what) => {
    up.setAttribute("aria-pressed", what === "up");
    down.setAttribute("aria-pressed", what === "down");
  };
  let latest = 0;
  const tell = async (what, reason = "") => {
    const mine = (latest += 1); // of two quick taps the last counts
    const before = vote;
    press((vote = what));
    why.hidden = what !== "down" || reason !== "";
    thanks.textContent = "";
    const kept = await cast(what, reason);
    if (mine !== latest) return;
    if (!kept) {
      press((vote = before));
      why.hidden = true;
    }
    thanks.textContent = kept ? "谢谢，已经记下了。" : "没有记下，请再点一次。";
  };
  up.addEventListener("click", () => tell("up"));
  down.addEventListener("click", () => tell("down"));
  for (const reason of why.querySelectorAll("button")) {
    reason.addEventListener("click", () => {
      down.focus(); // the reasons go; the keyboard stays here
      tell("down", reason.dataset.reason);
    });
  }
  press(vote);
  return made;
}

function anchor({ title, url }) {
  const link = document.createElement("a");
  link.className = "link";
  link.href = url;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.textContent = title;
  const { pathname } = new URL(url, location.href);
  if (pathname.startsWith("/sketches/")) {
    link.classList.add("drawn");
    link.prepend(drawing(pathname));
  }
  const hint = document.createElement("span");
  hint.className = "unseen";
  hint.textContent = "（新页面打开）";
  link.append(hint);
  return link;
}

/** What a good picture shows; its place is kept while it loads. */
function drawing(address) {
  const picture = document.createElement("img");
  Object.assign(picture, { src: address, alt: "", width: 320, height: 200, className: "drawing" });
  return picture;
}

function button(choice, choose) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "choice";
  made.textContent = choice;
  made.addEventListener("click", ({ timeStamp }) => {
    if (made.getAttribute("aria-disabled") || timeStamp - tappedAt < DOUBLE) return;
    tappedAt = timeStamp;
    made.setAttribute("aria-disabled", "true");
    choose(choice);
  });
  return made;
}

/** One quiet line that opens to everything that is needed to find the words on paper. */
function basis(sources) {
  const details = clone("basis");
  const first = `《${sources[0].title}》${sources[0].article ?? ""}`;
  const more = sources.length > 1 ? `等\u00a0${sources.length}\u00a0处` : "";
  details.querySelector("summary").textContent = `依据：${first}${more}`;
  details.append(...sources.map(source));
  return details;
}

function source({ title, number, article, valid_from, quote }) {
  const shown = clone("source");
  const facts = { title: `《${title}》`, number, article, date: valid_from && written(valid_from), quote };
  for (const [name, fact] of Object.entries(facts)) {
    const row = shown.querySelector(`.${name}`);
    if (fact) row.querySelector("dd").textContent = fact;
    else row.remove();
  }
  return shown;
}

function written(day) {
  const [year, month, date] = day.split("-").map(Number);
  return `${year}年${month}月${date}日起`;
}

/** A line of the citizen's; a photo or file is told in words until it can be shown. */
export function citizenLine(text, kind) {
  const line = clone("citizen-line");
  const words = line.querySelector(".text");
  const told = { photo: "[照片]", file: `[文件] ${text}` }[kind];
  words.textContent = told ?? text;
  words.classList.toggle("quiet", Boolean(told));
  return line;
}

/** Show the picture of a line, a canvas. */
export function illustrate(line, picture) {
  picture.className = "picture";
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "您发的照片");
  line.querySelector(".text").replaceChildren(picture);
}

/** How much of a line has gone out, from 0 to 1. */
export function advance(line, part) {
  const bar = line.querySelector("progress");
  bar.value = part;
  bar.hidden = part >= 1;
}

/** Say how a line stands ("sending", "kept", "failed", "refused"), with the buttons that help: [{label, act}]. */
export function stand(line, state, why = "", ways = []) {
  line.dataset.state = state;
  line.querySelector(".sending").textContent = state === "sending" ? "发送中" : "";
  line.querySelector("progress").hidden = true;
  const trouble = line.querySelector(".trouble");
  trouble.replaceChildren();
  if (state !== "failed" && state !== "refused") return;
  const words = document.createElement("span");
  words.textContent = why ? `没有发出去：${why}` : "没有发出去";
  const help = document.createElement("span");
  help.className = "help";
  for (const { label, act } of ways) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", act);
    help.append(made);
  }
  trouble.append(words, help);
}
