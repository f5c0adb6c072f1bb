// The inspector: the list of requests, which grows as they come, and the path of the selected one.

/** The token of this run of the API, which the inspector's data need. */
let token = document.querySelector("meta[name=page-token]").content;

/** The requests that the list shows, the newest first: each with its button. */
let requests = [];

/** The number of the request whose path is shown. */
let selected;

/** The maximum number of requests in the list. */
const MAX_LISTED = 200;

async function inspectorData(path, signal) {
  const headers = { "x-page-token": token };
  const response = await fetch(`/_local/inspector/${path}`, { headers, cache: "no-store", signal });
  const data = await response.json();
  if (!response.ok) throw Object.assign(new Error(data.message), { status: response.status });
  return data;
}

/** Shows every request as it comes, as long as the page is open. */
async function watchRequests() {
  let after = 0;
  for (;;) {
    await visible();
    const hidden = new AbortController();
    const abort = () => hidden.abort();
    document.addEventListener("visibilitychange", abort);
    try {
      const newer = await inspectorData(`requests?after=${after}`, hidden.signal);
      showConnection("");
      if (newer.length > 0) {
        addRequests(newer);
        // The table has the writes before the page was opened. It may lack those that are not kept any more.
        const isIncomplete = newer[0].number > after + 1;
        if (after > 0 && (isIncomplete || newer.some(isOthersWrite))) loadItems({ inBackground: true });
        after = newer.at(-1).number;
      }
    } catch (error) {
      if (error.name === "AbortError") continue;
      if (error.status === 403 && (await renewToken())) {
        after = 0;
      } else {
        showConnection(
          error.status
            ? `The API refuses the requests of this page: ${error.message}.`
            : "The API does not respond. Start it again with “cargo serve”: the page then continues.",
        );
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    } finally {
      document.removeEventListener("visibilitychange", abort);
    }
  }
}

/** Waits until the page is visible. A hidden page does not wait for requests: a browser opens only six connections. */
function visible() {
  return new Promise((resolve) => {
    const check = () => document.hidden || resolve(document.removeEventListener("visibilitychange", check));
    document.addEventListener("visibilitychange", check);
    check();
  });
}

/** Begins anew if the API was started again, and so has another token. Returns `true` then. */
async function renewToken() {
  const page = await fetch("/_local", { cache: "no-store" }).then((response) => response.text()).catch(() => "");
  const renewed = page.match(/name="page-token" content="(\w+)"/)?.[1];
  if (!renewed || renewed === token) return false;
  token = renewed;
  clearRequests();
  showAbout();
  loadItems({ inBackground: true });
  return true;
}

function showConnection(problem) {
  const { textContent } = byId("connection");
  if (textContent !== problem) byId("connection").replaceChildren(...(problem ? [failure(problem)] : []));
}

function addRequests(newer) {
  for (const request of newer) {
    const { number, time, method, target, status } = request;
    const button = element(
      "button",
      { type: "button", click: () => select(number, { isChosen: true }) },
      element("span", { class: `status s${Math.floor(status / 100)}` }, String(status)),
      ` ${method || "?"} ${target || "(not readable)"} `,
      element("small", {}, `${milliseconds(request.milliseconds)}, ${new Date(time).toLocaleTimeString()}`),
    );
    requests.unshift({ ...request, button });
    byId("request-list").prepend(element("li", {}, button));
  }
  for (const { button } of requests.splice(MAX_LISTED)) button.parentElement.remove();
  byId("requests-message").hidden = true;
  followNewest();
}

/** Returns `true` if another client has changed an item. A write with a server error may have been applied. */
function isOthersWrite({ method, status, requestId }) {
  return ["PUT", "DELETE"].includes(method) && (status === 200 || status >= 500) && !pageRequests.has(requestId);
}

function clearRequests() {
  requests = [];
  selected = undefined;
  byId("request-list").replaceChildren();
  byId("request").hidden = true;
  byId("requests-message").hidden = false;
}

/**
 * Selects the newest request, but none that the page sends in the background, until the user selects one. While the
 * focus is in the path of a request, the path stays.
 */
function followNewest() {
  const isInBackground = ({ requestId }) => pageRequests.get(requestId)?.inBackground === true;
  for (const request of requests) request.button.classList.toggle("background", isInBackground(request));
  const newest = requests.find((request) => !isInBackground(request)) ?? requests[0];
  const isInUse = byId("request").contains(document.activeElement);
  if (byId("follow").checked && newest && newest.number !== selected && !isInUse) select(newest.number);
}

/** Shows the path of a request. */
async function select(number, { isChosen = false } = {}) {
  selected = number;
  if (isChosen) byId("follow").checked = false;
  for (const { number: listed, button } of requests) {
    if (listed === number) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  let shown;
  try {
    shown = requestPath(await inspectorData(`requests/${number}`));
  } catch (error) {
    shown = [requestHeading({ number }), failure(error.message)];
  }
  if (selected !== number) return;
  byId("request").replaceChildren(...shown);
  byId("request").hidden = false;
}

function startInspector() {
  byId("clear").onclick = clearRequests;
  byId("follow").onchange = followNewest;
  watchRequests();
}
