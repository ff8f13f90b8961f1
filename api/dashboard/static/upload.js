// Uploads: files and folders, dropped or chosen; a few at once, each with its own progress.

const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const rows = document.getElementById("rows");
const sum = document.getElementById("sum");
const most = Number(form.dataset.most);
const atOnce = Number(form.dataset.atOnce);
const token = document.querySelector('meta[name="csrf"]').content;
const queue = [];
let running = 0;

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length) for (const entry of entries) await walk(entry, "");
  else add([...event.dataTransfer.files].map((file) => [file.name, file]));
});
for (const id of ["files", "folder"]) {
  document.getElementById(id).addEventListener("change", (event) => {
    add([...event.target.files].map((file) => [file.webkitRelativePath || file.name, file]));
    event.target.value = "";
  });
}
form.addEventListener("submit", (event) => event.preventDefault());

// A folder's entries come in batches of a hundred; hidden ones stay out, as in a sync.
async function walk(entry, path) {
  if (entry.name.startsWith(".")) return;
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    add([[path + entry.name, file]]);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!batch.length) return;
    for (const child of batch) await walk(child, `${path}${entry.name}/`);
  }
}

function add(files) {
  if (!form.reportValidity()) return;
  document.getElementById("queue").hidden = false;
  for (const [name, file] of files) {
    const row = rows.insertRow();
    const cells = ["File", "Size", "Progress", "State"].map((label) => {
      const cell = row.insertCell();
      cell.dataset.label = label;
      return cell;
    });
    cells[0].className = "wide";
    cells[0].textContent = cells[0].title = name;
    cells[1].className = "num";
    cells[1].textContent = size(file.size);
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Progress of ${name}`);
    cells[2].append(bar);
    const item = { name, file, bar, state: cells[3] };
    const refused = file.size === 0 ? "Empty" : file.size > most ? `Larger than ${size(most)}` : file.name.startsWith(".") ? "Hidden" : null;
    if (refused) say(item, "warn", `${refused}: not sent`);
    else {
      say(item, "idle", "Waits");
      queue.push({ ...item, to: form.collection.value.trim(), database: form.database.value.trim() });
    }
  }
  count();
  next();
}

function next() {
  while (running < atOnce && queue.length) {
    running += 1;
    send(queue.shift()).finally(() => {
      running -= 1;
      count();
      next();
    });
  }
}

async function send(item) {
  for (let attempt = 1; ; attempt += 1) {
    say(item, "busy", "Uploads");
    const answer = await post(item);
    if (answer.status === 429 && attempt < 20) {
      say(item, "idle", "Waits for its turn");
      await new Promise((done) => setTimeout(done, 1000 * Math.min(attempt, 5)));
      continue;
    }
    if (answer.status === 201) {
      item.bar.value = 1;
      say(item, "good", "Sent", `/invocations/${answer.body.invocation_id}`);
    } else {
      say(item, "bad", answer.body?.message ?? (answer.status ? `Refused (${answer.status})` : "The connection broke off"));
    }
    return;
  }
}

// XMLHttpRequest, because fetch says nothing about how much was sent.
function post(item) {
  const body = new FormData();
  body.append("database_name", item.database);
  body.append("collection_name", item.to);
  if (form.dataset.sparse) body.append("embedding", JSON.stringify({ sparse: { model: form.dataset.sparse } }));
  body.append("file", item.file, item.name.split("/").pop());
  const request = new XMLHttpRequest();
  request.open("POST", "/upload/file");
  request.setRequestHeader("X-Csrf-Token", token);
  request.setRequestHeader("X-Upload-Content-Length", String(item.file.size));
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) item.bar.value = event.loaded / event.total;
  });
  return new Promise((done) => {
    request.addEventListener("loadend", () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // no JSON: the status says enough
      }
      done({ status: request.status, body });
    });
    request.send(body);
  });
}

function say(item, tone, text, link) {
  const badge = document.createElement(link ? "a" : "span");
  badge.className = `badge ${tone}`;
  badge.textContent = text;
  if (link) badge.href = link;
  item.state.replaceChildren(badge);
}

function count() {
  const states = [...rows.querySelectorAll(".badge")];
  const sent = states.filter((one) => one.classList.contains("good")).length;
  const left = queue.length + running;
  sum.textContent = `${sent.toLocaleString("en")} of ${states.length.toLocaleString("en")} sent${left ? `, ${left} left` : ""}`;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const unit = ["KB", "MB", "GB"].find((_, power) => bytes < 1024 ** (power + 2)) ?? "GB";
  return `${(bytes / 1024 ** (["KB", "MB", "GB"].indexOf(unit) + 1)).toFixed(1)} ${unit}`;
}
