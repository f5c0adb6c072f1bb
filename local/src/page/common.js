// The functions that all parts of the page use. mod.rs joins the files of this folder to one script.

const byId = (id) => document.getElementById(id);

/** Returns a new element. A function among the attributes listens to the event of that name. Texts are never markup. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const note = (text) => element("p", {}, text);
const failure = (text) => element("p", { class: "failure" }, text);

/** Says the result of an action, also to a screen reader. */
function announce(text, { isFailure = false } = {}) {
  byId("status").replaceChildren(isFailure ? failure(text) : note(text));
}

/** Parses JSON. A number becomes `JSON.rawJSON`, because a price can have more digits than a number of JavaScript. */
function parseExact(text) {
  return JSON.parse(text, (_, value, { source }) => (typeof value === "number" ? JSON.rawJSON(source) : value));
}

/** Returns the text of a value of an item. Another writer of the table may have stored any JSON. */
const plain = (value) => (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value));

/** Returns JSON with indentation, or the text itself if it is not JSON. */
function indented(text) {
  try {
    return JSON.stringify(parseExact(text), null, 2);
  } catch {
    return text;
  }
}

/** Returns the message of a failure of the API, or its whole body. */
function messageOf(text) {
  try {
    return JSON.parse(text).message ?? text;
  } catch {
    return text;
  }
}

const milliseconds = (time) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

/** The last requests of the page, by their ids. Those in the background are not actions of the user. */
const pageRequests = new Map();
const MAX_PAGE_REQUESTS = 1000;

/** Calls the API as any client does. Throws an error with a text for the user if there is no response. */
async function call(method, path, { headers = {}, body, inBackground = false } = {}) {
  const started = performance.now();
  let response;
  let text;
  try {
    response = await fetch(path, { method, headers, body, cache: "no-store" });
    text = await response.text();
  } catch (error) {
    throw new Error(`there is no response (${error.message}).`);
  }
  pageRequests.set(response.headers.get("apigw-requestid"), { inBackground });
  if (pageRequests.size > MAX_PAGE_REQUESTS) pageRequests.delete(pageRequests.keys().next().value);
  if (inBackground) followNewest();
  const { status, statusText } = response;
  return { status, statusText, text, headers: response.headers, time: performance.now() - started };
}

/**
 * Encodes an id for a path. The gateway decodes a path twice, and cuts it at a `?` that the first decoding produces. A
 * browser removes the segments `.` and `..`, also if they are encoded once.
 */
function pathSegment(id) {
  if (/^\.\.?$/.test(id)) return "%252E".repeat(id.length);
  return encodeURIComponent(id).replace(/%(?=25|3F)/g, "%25");
}

const itemPath = (id) => `/items/${pathSegment(id)}`;

/** Runs an action when a form is submitted, one at a time. */
function onSubmit(form, act) {
  let isRunning = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isRunning) return;
    isRunning = true;
    await act().finally(() => (isRunning = false));
  });
}
