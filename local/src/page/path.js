// The path of one request: from the client through the gateway and the function to DynamoDB, and back.

/** The maximum number of characters of a text that are shown. A copy has all of them. */
const MAX_SHOWN = 100_000;

/** The maximum size of a body that is an argument of a command. Linux limits an argument to 128 KiB. */
const MAX_ARGUMENT = 30_000;

const hint = (text) => element("p", { class: "hint" }, text);

const requestHeading = ({ number }) => element("h3", { id: "request-title" }, `Request ${number}`);

/** Returns the elements that show a request of the inspector. */
function requestPath(request) {
  const { method, target, headers, body, responseHeaders, responseBody, invocation } = request;
  const copy = (name, text) => element("button", { type: "button", click: () => copyText(name, text) }, `Copy as ${name}`);
  return [
    requestHeading(request),
    element("p", {}, element("code", {}, `${method} ${target}`)),
    element("ol", { class: "path" }, ...stations(request)),
    hint("Each time is what the station itself took; a function in a process of its own may have waited. “→” is the way to the table, “←” the way back."),
    element(
      "p",
      { class: "buttons" },
      ...(method && body ? [copy("curl", asCurl(request))] : []),
      ...(invocation ? [copy("event", eventText(invocation))] : []),
    ),
    ...(invocation ? [hint("The event can be tried without a gateway: as a test event in Lambda's console, or with “aws lambda invoke”.")] : []),
    ...part("1. The request", "As the client sent it."),
    ...message("request", headers, body),
    ...(invocation ? invocationParts(invocation) : []),
    ...part(invocation ? "6. The response" : "2. The response", originOfResponse(request)),
    ...message("response", responseHeaders, responseBody),
  ];
}

/** Returns the reason why the gateway responded itself, if it did. */
const ownReason = ({ error, invocation, status }) => error ?? (!invocation && status === 204 ? "a preflight request of CORS" : undefined);

/** Returns a sentence about the origin of the response. */
function originOfResponse(request) {
  const own = ownReason(request);
  if (own) return `The gateway responded itself: ${own}. ${request.invocation ? "" : "It did not call the function."}`;
  if (!request.invocation) return "The function is not shown, because too many requests ran at the same time.";
  return "The gateway makes it from the reply, and adds headers of its own, such as Apigw-Requestid.";
}

/** Returns the stations of the path, each with the time that it took itself. */
function stations(request) {
  const { method, status, milliseconds: total, invocation } = request;
  const own = ownReason(request);
  const station = (name, href, spent, there, back) =>
    element(
      "li",
      {},
      element("a", { href }, name),
      element("small", {}, Number.isFinite(spent) ? milliseconds(Math.max(0, spent)) : ""),
      element("span", {}, `→ ${there}`),
      element("span", {}, `← ${back}`),
    );
  const client = station("Client", "#part-1", undefined, `sends ${method}`, `gets ${status} after ${milliseconds(total)}`);
  if (!invocation) return [client, station("Gateway", "#part-2", total, "gets the request", own ? `responds ${status}: ${own}` : `responds ${status}`)];
  const { calls, milliseconds: spent } = invocation;
  const inTable = calls.reduce((sum, call) => sum + (call.milliseconds ?? 0), 0);
  const names = calls.map(({ operation }) => operation).join(", ");
  const results = calls.map((call) => call.status ?? "no response").join(", ");
  const table = station("DynamoDB", "#part-3", inTable, names, results);
  return [
    client,
    station("Gateway", "#part-2", total - (spent ?? NaN), "makes the event", own ? `responds itself: ${own}` : "makes the response"),
    station("Function", "#part-4", (spent ?? NaN) - inTable, "handles the event", spent === null ? "did not reply" : "replies"),
    ...(calls.length > 0 ? [table] : []),
  ];
}

function invocationParts(invocation) {
  const { calls, reply, log } = invocation;
  const called =
    calls.length > 0
      ? "The function calls DynamoDB through AWS's library, the SDK, in function/src/table.rs and the folder function/src/table. A retry is a call of its own."
      : "None that is known here. The function replied without the table, for example because the request is not valid; or its binary calls the DynamoDB of --dynamodb-endpoint itself.";
  return [
    ...part(
      "2. The event that the function received",
      "API Gateway makes it from the request, in its payload format 2.0. The function begins with it in function/src/handler.rs.",
      eventText(invocation),
    ),
    ...part("3. The calls to DynamoDB", called),
    ...calls.flatMap(({ operation, status, milliseconds: spent, request, response }) => [
      note(`${operation}: ${status ?? "no response"}${spent === null ? "" : `, after ${milliseconds(spent)}`}`),
      hint("Request:"),
      codeBlock(`The request of ${operation}`, indented(request)),
      hint("Response:"),
      codeBlock(`The response of ${operation}`, indented(response ?? "(none yet)")),
    ]),
    ...part(
      "4. The reply of the function",
      "In the payload format 2.0. function/src/handler.rs decides it, and function/src/render.rs or, for a list, function/src/render/list.rs writes it.",
      reply ? indented(reply) : "(none)",
    ),
    ...part(
      "5. The log line",
      "It never has the contents of an item. In AWS, it is in CloudWatch Logs, in the log group of the function.",
      log ? indented(log) : "(none)",
    ),
  ];
}

function part(title, text, code) {
  const parts = [element("h4", { id: `part-${title[0]}` }, title), hint(text)];
  return code === undefined ? parts : [...parts, codeBlock(title, code)];
}

/** Returns the headers, which are folded, and the body. */
function message(name, headers, body) {
  const lines = headers.map((header) => header.join(": ")).join("\n");
  const summary = headers.length === 1 ? "1 header" : `${headers.length} headers`;
  const folded = element("details", {}, element("summary", {}, summary), codeBlock(`The headers of the ${name}`, lines));
  if (!body) return [folded, note("The gateway did not read the whole body.")];
  if (body.text === "") return [folded, note("No body.")];
  return [folded, codeBlock(`The body of the ${name}`, body.isBase64 ? `${body.text}\n(in base64)` : indented(body.text))];
}

/** Returns a text that the keyboard can scroll. */
function codeBlock(label, text) {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}\n… (the first ${MAX_SHOWN} of ${text.length} characters)` : text;
  return element("pre", { tabindex: "0", role: "region", "aria-label": label }, shown);
}

/** Returns the event with its headers at the end, because those of a browser are long. */
function eventText({ event }) {
  const { headers, ...rest } = parseExact(event);
  return JSON.stringify({ ...rest, headers }, null, 2);
}

/** The headers that curl or the browser adds on its own. */
const OWN_HEADERS = /^(host|connection|content-length|accept|accept-encoding|accept-language|user-agent|origin|referer|cache-control|pragma|priority|sec-.*)$/;

/** Returns the command that sends the same request. */
function asCurl({ method, target, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const words = ["curl", "--include"];
  if (/[[\]{}]|\/\.\.?(\/|\?|$)/.test(target)) words.push("--globoff", "--path-as-is");
  words.push(...(method === "HEAD" ? ["--head"] : ["--request", quoted(method)]));
  for (const [name, value] of headers) {
    if (!OWN_HEADERS.test(name)) words.push("--header", quoted(value ? `${name}: ${value}` : `${name};`));
  }
  // Without a content type, curl would send the one of a form.
  if (body.text && !headers.some(([name]) => name === "content-type")) words.push("--header", "'content-type:'");
  // The shell's own printf has no limit for its arguments.
  const isPiped = body.isBase64 || body.text.length > MAX_ARGUMENT;
  if (body.text) words.push(isPiped ? "--data-binary @-" : `--data-raw ${quoted(body.text)}`);
  // A target may also be a whole URL or `*`.
  const isPath = target.startsWith("/");
  if (!isPath) words.push("--request-target", quoted(target));
  words.push(quoted(location.origin + (isPath ? target : "/")));
  const pipe = isPiped ? `printf %s ${quoted(body.text)} | ${body.isBase64 ? "base64 --decode | " : ""}` : "";
  return pipe + words.join(" ");
}

/** Copies a text. Without permission, as on a page that is not on localhost, it is selected for the user to copy. */
async function copyText(name, text) {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied the ${name === "curl" ? "curl command" : name}.`);
  } catch {
    byId("to-copy")?.remove();
    byId("request").prepend(element("pre", { id: "to-copy", tabindex: "0", role: "region", "aria-label": `Copy as ${name}` }, text));
    getSelection().selectAllChildren(byId("to-copy"));
    announce("The browser does not let the page copy. The text is selected: copy it with the keyboard.");
  }
}
