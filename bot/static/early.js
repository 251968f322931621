// Runs before the first paint, so that nothing jumps: says at once what the style sheet must know.
// Browsers too old for modules keep the page without a script, where everything can be read.

if ("noModule" in HTMLScriptElement.prototype) {
  const root = document.documentElement;
  const kept = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const reading = () => root.classList.toggle("reading", location.hash === "#faq");

  root.classList.add("script");
  if (kept("banshi.large") === "true") root.classList.add("large");
  root.classList.toggle("begun", kept("banshi.visitor") !== null);
  addEventListener("hashchange", reading);
  reading();
}
