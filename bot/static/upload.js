// Several files, one after the other: chosen, sent, and told what came of each.

import { prepared } from "./photos.js";

const LOOK_AGAIN = 1000; // milliseconds
const PATIENCE = 120; // looks

const picker = document.getElementById("picker");
const list = document.getElementById("list");
const trouble = document.getElementById("trouble");
const most = Number(document.getElementById("sheet").dataset.most);
const address = `${location.pathname}/files`;
const waiting = [];
let count = 0;
let busy = false;

document.getElementById("choose").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => {
  const chosen = [...picker.files];
  picker.value = ""; // so that the same file can be chosen again
  trouble.textContent = count + chosen.length > most ? `最多传 ${most} 个，多出来的没有传。` : "";
  for (const file of chosen.slice(0, most - count)) {
    count += 1;
    waiting.push([file, row(file.name)]);
  }
  go();
});

/** One file at a time, in the order in which they were chosen. */
async function go() {
  if (busy) return;
  busy = true;
  while (waiting.length) await send(...waiting.shift());
  busy = false;
}

async function send(file, line) {
  const told = line.querySelector(".told");
  const again = line.querySelector("button");
  line.classList.remove("failed");
  again.hidden = true;
  told.textContent = "正在传";
  try {
    const { id } = await posted(await prepared(file), line.querySelector("progress"));
    told.textContent = "传好了，正在核验";
    look(id, told);
  } catch (fault) {
    line.classList.add("failed");
    told.textContent = fault.message;
    again.hidden = fault.final;
    again.onclick = () => {
      waiting.push([file, line]);
      go();
    };
  }
}

/** Send it, and show how far it is. What the server refuses in words is refused for good. */
function posted(content, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (message, final) => reject(Object.assign(new Error(message), { final }));
    progress.hidden = false;
    request.open("POST", address);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress.value = event.loaded / event.total;
    };
    request.onload = () => {
      progress.hidden = true;
      const answer = request.response ?? {};
      if (request.status === 201) resolve(answer);
      else fail(typeof answer.detail === "string" ? answer.detail : "没有传上去，请再传一次。", request.status < 500);
    };
    request.onerror = () => fail("网络断了，没有传上去。", false);
    request.responseType = "json";
    request.send(content);
  });
}

async function look(id, told) {
  for (let n = 0; n < PATIENCE; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    const answer = await fetch(`${address}/${id}`).catch(() => null);
    if (answer?.ok) {
      const { texts, done } = await answer.json();
      if (done) {
        told.textContent = texts.join("\n") || "已经收到，结果在聊天里。";
        return;
      }
    } else if (answer && answer.status < 500) break;
  }
  told.textContent = "已经收到，结果会在聊天里告诉您。";
}

function row(name) {
  const made = document.getElementById("file").content.cloneNode(true);
  made.querySelector(".name").textContent = name;
  list.append(made);
  return list.lastElementChild;
}
