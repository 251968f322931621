// The pen. Strokes are kept in this browser until they are sent, so that turning the phone or coming back loses none.

const WIDTH = 1000; // of the field, whatever size the screen shows it in; the server has the same
const HEIGHT = 500;
const MOST = 5900; // points
const NEAR = 3; // a point nearer to the last than this says nothing new
const PEN = 9;

const kept = `banshi.sign.${location.pathname.split("/")[2]}`;
const step = document.getElementById("sheet").dataset.step;

if (step === "draw") draw();
else if (step === "statement") record();
else if (!["identity", "agent", "points"].includes(step)) forget();

/** The video goes as it is; the server says what is wrong with it. */
function record() {
  const [button, picker, sending, trouble] = ["record", "video", "sending", "trouble"].map((id) => document.getElementById(id));
  button.addEventListener("click", () => picker.click());
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    if (!file) return;
    [button.disabled, sending.hidden, trouble.textContent] = [true, false, ""];
    try {
      const reply = await fetch(`${location.pathname}/statement`, { method: "POST", body: file });
      if (reply.ok) return location.reload();
      const told = await reply.json().catch(() => ({}));
      trouble.textContent = typeof told.detail === "string" ? told.detail : "没有传上来，请再试一次。";
    } catch {
      trouble.textContent = "网络断了，没有传上来，请再试一次。";
    }
    [button.disabled, sending.hidden, picker.value] = [false, true, ""];
  });
}

function draw() {
  const pad = document.getElementById("pad");
  const form = document.getElementById("signature");
  const pen = pad.getContext("2d");
  let strokes = remembered();
  let stroke = null;
  let began = 0;

  const count = () => strokes.reduce((sum, one) => sum + one.length, 0);

  function at(event) {
    const box = pad.getBoundingClientRect();
    const edge = pad.clientLeft;
    const within = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    const across = ((event.clientX - box.left - edge) / pad.clientWidth) * WIDTH;
    const down = ((event.clientY - box.top - edge) / pad.clientHeight) * HEIGHT;
    began ||= event.timeStamp;
    return [within(across, WIDTH), within(down, HEIGHT), Math.max(0, Math.round(event.timeStamp - began))];
  }

  function show() {
    const fine = window.devicePixelRatio || 1;
    pad.width = Math.round(pad.clientWidth * fine);
    pad.height = Math.round(pad.clientHeight * fine);
    pen.scale(pad.width / WIDTH, pad.height / HEIGHT);
    pen.lineWidth = PEN;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#101418";
    for (const one of strokes) one.forEach((point, n) => line(one[n - 1] ?? point, point));
  }

  function line(from, to) {
    pen.beginPath();
    pen.moveTo(from[0], from[1]);
    pen.lineTo(to[0] + (from === to ? 1 : 0), to[1]);
    pen.stroke();
  }

  function add(event) {
    const point = at(event);
    const last = stroke.at(-1);
    if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    if (count() >= MOST) return;
    stroke.push(point);
    line(last ?? point, point);
  }

  function end() {
    if (!stroke) return;
    stroke = null;
    keep(strokes);
  }

  pad.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    stroke = [];
    strokes.push(stroke);
    add(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!stroke || !event.isPrimary) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length ? between : [event]) add(one);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) pad.addEventListener(name, end);
  // Web views that know nothing of touch-action
  pad.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });

  document.getElementById("wipe").addEventListener("click", () => {
    strokes = [];
    began = 0;
    keep(strokes);
    show();
    document.getElementById("trouble").textContent = "";
  });
  form.addEventListener("submit", () => {
    document.getElementById("strokes").value = JSON.stringify(strokes.filter((one) => one.length));
  });

  new ResizeObserver(show).observe(pad);
  show();
}

function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(kept) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

function keep(strokes) {
  try {
    localStorage.setItem(kept, JSON.stringify(strokes));
  } catch {
    // a browser that keeps nothing: what is drawn stays as long as the page
  }
}

function forget() {
  try {
    localStorage.removeItem(kept);
  } catch {
    // nothing was kept
  }
}
