"use strict";

/* Shows what needs this script, filters the models, and sends calls. Numbers are shown with the digits they came with:
   answers are laid out as text and never parsed. */

const at = (id) => document.getElementById(id);

for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;

at("filter")?.addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("#model-table tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }
});

function laidOut(json) {
  let out = "";
  let depth = 0;
  let last = "";
  const line = () => "\n" + "  ".repeat(depth);
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)) {
    if (token === "[" || token === "{") {
      depth += 1;
      out += token + line();
    } else if (token === "]" || token === "}") {
      depth -= 1;
      out = last === "[" || last === "{" ? out.slice(0, out.lastIndexOf("\n")) + token : out + line() + token;
    } else if (token === ",") out += token + line();
    else out += token === ":" ? ": " : token;
    last = token;
  }
  return out;
}

function checked(id, fits, wanted) {
  const field = at(id);
  const text = field.value.trim();
  field.setCustomValidity("");
  try {
    if (text && !fits(JSON.parse(text))) throw new Error(wanted);
  } catch (error) {
    field.setCustomValidity(`${wanted}: ${error.message}`);
    field.reportValidity();
    return null;
  }
  return text || "null";
}

function body() {
  const args = checked("try-args", Array.isArray, "This must be a JSON list");
  if (args === null) return null;
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const kwargs = checked("try-kwargs", isObject, "This must be a JSON object");
  if (kwargs === null) return null;
  const [model, method] = [at("try-model").value, at("try-method").value].map((name) => JSON.stringify(name));
  return `{"jsonrpc": "2.0", "id": 1, "method": "execute", "params": {"model": ${model}, "method": ${method}, ` +
    `"args": ${args}, "kwargs": ${kwargs}}}`;
}

function curl(text) {
  const quoted = text.replaceAll("'", `'\\''`);
  return `curl -s ${location.origin}/rpc -H 'Content-Type: application/json' -H "Authorization: Bearer $TANDEM_KEY" \\\n  -d '${quoted}'`;
}

function showCurl() {
  const text = at("try-args").validity.valid && at("try-kwargs").validity.valid ? body() : null;
  if (text !== null) at("try-curl").textContent = curl(text);
}

function choose() {
  const method = at("try-method");
  const option = method.selectedOptions?.[0];
  if (!option) return;
  at("try-args").value = option.dataset.args;
  at("try-kwargs").value = method.value === "search_read" ? '{"limit": 5}' : "{}";
  at("try-writes").hidden = option.dataset.writes === undefined;
  showCurl();
}

async function send(text) {
  const token = at("try-token").value.trim();
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const credentials = token ? "omit" : "same-origin";
  const started = performance.now();
  const response = await fetch("/rpc", { method: "POST", headers, credentials, body: text });
  const answer = await response.text();
  return { answer, status: response.status, took: Math.round(performance.now() - started) };
}

async function call(event) {
  event.preventDefault();
  const text = body();
  if (text === null) return;
  at("try-status").textContent = "Calling ...";
  at("try-curl").textContent = curl(text);
  try {
    const { answer, status, took } = await send(text);
    at("try-answer").textContent = laidOut(answer);
    at("try-answer").hidden = false;
    const refused = status !== 200 || "error" in JSON.parse(answer);
    at("try-status").textContent = `${refused ? "Refused" : "Answered"} after ${took} ms (HTTP ${status}).`;
  } catch (error) {
    at("try-status").textContent = `No answer: ${error.message}`;
  }
}

const form = at("try");
if (form) {
  form.addEventListener("submit", call);
  at("try-method").addEventListener("change", choose);
  for (const id of ["try-args", "try-kwargs"]) {
    at(id).addEventListener("input", (event) => event.target.setCustomValidity(""));
  }
  for (const button of document.querySelectorAll("[data-try]")) {
    button.addEventListener("click", () => {
      at("try-method").value = button.dataset.try;
      choose();
      at("call").scrollIntoView();
      at("try-args").focus();
    });
  }
  choose();
}
