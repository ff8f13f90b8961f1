// Follows a live page: parts that changed come as HTML that the server has rendered.
//
// One stream for each page that is visible: browsers allow six connections to a host, and a hidden page needs none.

let stream = null;
let again = null;
let late = null;
const AGAIN_MS = 3000;
const LATE_MS = 4000; // servers and proxies end streams now and then: that is nothing to be told

export function follow(address) {
  if (!address) return;
  const sync = () => (document.visibilityState === "visible" ? open(address) : close());
  document.addEventListener("visibilitychange", sync);
  window.addEventListener("pagehide", close);
  sync();
}

function open(address) {
  if (stream) return;
  stream = new EventSource(address);
  stream.addEventListener("part", (event) => replace(JSON.parse(event.data)));
  stream.addEventListener("open", () => {
    document.documentElement.dataset.stream = "open";
    told(false);
  });
  stream.addEventListener("error", () => {
    document.documentElement.dataset.stream = "lost";
    late ??= setTimeout(told, LATE_MS, true);
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again
    stream = null; // no stream came, as from a proxy whose gateway is away
    again = setTimeout(open, AGAIN_MS, address);
  });
  stream.addEventListener("over", () => {
    close();
    location.reload(); // the session has ended: the server says what to do
  });
}

function close() {
  stream?.close();
  stream = null;
  clearTimeout(again);
  clearTimeout(late);
  late = null;
  document.documentElement.dataset.stream = "closed";
}

// Whether it is told that the page does not follow.
function told(lost) {
  clearTimeout(late);
  late = null;
  document.getElementById("lost").hidden = !lost;
}

function replace({ id, html }) {
  const part = document.getElementById(id);
  if (!part) return;
  const made = document.createElement("template");
  made.innerHTML = html;
  if (made.innerHTML === part.innerHTML) return;
  if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return;
  const focused = part.contains(document.activeElement) ? path(document.activeElement, part) : null;
  const opened = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
  part.replaceChildren(made.content);
  for (const name of opened) document.getElementById(name)?.setAttribute("open", "");
  if (focused) focused.reduce((element, index) => element?.children[index], part)?.focus({ preventScroll: true });
}

// Where an element stands in a part, as indices of children.
function path(element, part) {
  const found = [];
  for (let one = element; one !== part; one = one.parentElement) {
    found.unshift([...one.parentElement.children].indexOf(one));
  }
  return found;
}
