// The form “Try a request”: every operation of the OpenAPI document, with a field for each of its parameters.

/** The body that the user has typed, or an item to begin with. */
let typedBody = '{"id": "abcdef234", "price": 12345, "name": "myitem"}';

/** The place of a parameter, in words. */
const PLACES = { path: "Part of the path; the form encodes it.", query: "Parameter of the query.", header: "Header." };

async function startOperations() {
  const response = await fetch("/_local/openapi.json");
  const openapi = await response.json();
  if (!response.ok) throw new Error(openapi.message);
  const resolve = (value) => (value.$ref ? value.$ref.slice(2).split("/").reduce((part, key) => part[key], openapi) : value);
  const operations = Object.entries(openapi.paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      summary: operation.summary,
      parameters: [...parameters, ...(operation.parameters ?? [])].map(resolve),
      members: operation.requestBody && Object.keys(resolve(operation.requestBody.content["application/json"].schema).properties),
    })),
  );
  const select = byId("operation");
  select.append(...operations.map(({ method, path }) => element("option", {}, `${method} ${path}`)));
  const selected = () => operations[select.selectedIndex];
  select.onchange = () => showOperation(selected());
  showOperation(selected());
  onSubmit(byId("operation-form"), () => sendOperation(selected()));
}

const parameterId = (name) => `parameter-${name}`;

function showOperation({ summary, parameters, members }) {
  byId("operation-summary").textContent = summary;
  byId("answer").hidden = true;
  const labelled = (id, text, field, hint) => {
    field.setAttribute("id", id);
    field.setAttribute("aria-describedby", `${id}-hint`);
    return [element("label", { for: id }, text), field, element("p", { class: "hint", id: `${id}-hint` }, hint)];
  };
  const shown = [];
  if (members) {
    const area = element("textarea", { rows: "3", spellcheck: "false" });
    area.value = typedBody;
    area.oninput = () => (typedBody = area.value);
    shown.push(...labelled("operation-body", "Body", area, `JSON, with the members ${members.join(", ")}.`));
  }
  for (const { name, in: place, required, description = "" } of parameters) {
    const input = element("input", { autocomplete: "off", spellcheck: "false" });
    input.required = required === true;
    shown.push(...labelled(parameterId(name), name, input, `${required ? "" : "Optional. "}${PLACES[place]} ${description}`));
  }
  byId("operation-fields").replaceChildren(...shown);
}

async function sendOperation({ method, path, parameters, members }) {
  const headers = members ? { "content-type": "application/json" } : {};
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: place } of parameters) {
    const { value } = byId(parameterId(name));
    if (value === "") continue;
    if (place === "path") target = target.replace(`{${name}}`, () => pathSegment(value));
    else if (place === "query") query.set(name, value);
    else headers[name] = value;
  }
  if (query.size > 0) target += `?${query}`;
  const operation = byId("operation").selectedIndex;
  const isShown = () => byId("operation").selectedIndex === operation;
  showAnswer("Waiting for the response…");
  try {
    const answer = await call(method, target, { headers, body: members && typedBody });
    if (method !== "GET") loadItems({ inBackground: true });
    if (!isShown()) return;
    const id = answer.headers.get("apigw-requestid");
    byId("answer-path").onclick = () => {
      const sent = requests.find(({ requestId }) => requestId === id);
      if (sent) select(sent.number, { isChosen: true });
    };
    showAnswer(
      `${answer.status} ${answer.statusText}, after ${milliseconds(answer.time)} in this browser`,
      [...answer.headers].map((header) => header.join(": ")).join("\n"),
      indented(answer.text) || "(no body)",
    );
  } catch (error) {
    if (isShown()) showAnswer(`The request failed: ${error.message}`);
  }
}

function showAnswer(status, headers = "", body = "") {
  byId("answer-status").textContent = status;
  for (const [id, text] of [["answer-headers", headers], ["answer-body", body]]) {
    byId(id).textContent = text;
    byId(id).hidden = text === "";
  }
  byId("answer").hidden = false;
}
