// Photos and files: chosen, made no larger than anybody needs, and shown small.

const LONGEST = 2560; // pixels of the longer side that is sent
const SHOWN = 480; // pixels of the longer side that is shown
const QUALITY = 0.85;
const MOST = 15 * 1024 * 1024; // bytes, as the server has it
const KNOWN = ["image/jpeg", "image/png", "image/webp", "image/heic"]; // what the server can open

const picker = document.getElementById("picker");

/** Call `give(file)` for what is taken or chosen. */
export function attach(give) {
  document.getElementById("photo").addEventListener("click", pick);
  picker.addEventListener("change", () => {
    const [file] = picker.files;
    picker.value = ""; // so that the same file can be chosen again
    if (file) give(file);
  });
}

/** Let the citizen take or choose one. */
export function pick() {
  picker.click();
}

export const isPhoto = (file) => file.type !== "application/pdf" && !/\.pdf$/i.test(file.name);

/** What is sent of a file: the file itself, or a JPEG, upright, of a picture that is too large or of an odd kind. */
export async function prepared(file) {
  const bitmap = isPhoto(file) ? await opened(file) : null;
  if (!bitmap) return file;
  const large = Math.max(bitmap.width, bitmap.height) > LONGEST || file.size > MOST;
  if (!large && KNOWN.includes(file.type)) return file;
  const canvas = drawn(bitmap, LONGEST);
  const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return made ?? file;
}

/** A picture small enough to be shown, as a canvas; null for what is none. */
export async function thumbnail(content) {
  const bitmap = await opened(content);
  return bitmap && drawn(bitmap, SHOWN);
}

/** The pixels, turned as the camera was held; null where this browser cannot open it. */
function opened(content) {
  return createImageBitmap(content).catch(() => null);
}

function drawn(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "#fff"; // behind what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}
