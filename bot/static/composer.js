// The box to write in: Enter sends, it grows with its words, and counts them near the end.

const MOST = 10_000; // characters of one message; the page's maxlength says the same
const NEAR = 1_000; // how many are left when the counter appears

const form = document.getElementById("composer");
const box = document.getElementById("say");
const counter = document.getElementById("counter");

/** Call `say(text)` for everything that is sent. */
export function compose(say) {
  const submit = (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (text) {
      write("");
      say(text);
    } else box.focus();
  };
  form.addEventListener("submit", submit);
  box.addEventListener("input", measure);
  box.addEventListener("keydown", (event) => {
    // Not the Enter that picks a word in an input method: Safari tells that by the code alone.
    const picks = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && !event.shiftKey && !picks) submit(event);
  });
}

/** Put words into the box. */
export function write(text) {
  box.value = text;
  measure();
}

export function measure() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 4, innerHeight * 0.22)}px`;
  const left = MOST - box.value.length;
  if (left > NEAR) counter.textContent = "";
  else counter.textContent = left > 0 ? `还可以写 ${left} 字` : `最多 ${MOST} 字，已经写满`;
}
