// The table of items.

/** The items that the table shows. */
let items = [];

/** The number of pages of the list that the table shows. */
let pages = 1;

/** `true` if the list has more pages. */
let hasMore = false;

/** The number of the latest load: the answer of an earlier one is ignored. */
let loads = 0;

/** Loads the pages of the list that the table shows. */
async function loadItems({ inBackground = false } = {}) {
  const load = ++loads;
  if (!inBackground) showItemsMessage("Loading the items…");
  const loaded = [];
  let start;
  try {
    for (let page = 0; page < pages && (page === 0 || start !== undefined); page++) {
      const query = page === 0 ? "" : `?exclusiveStartKey=${encodeURIComponent(start)}`;
      const answer = await call("GET", `/items${query}`, { inBackground });
      if (answer.status !== 200) throw new Error(messageOf(answer.text));
      const { Items, LastEvaluatedKey } = parseExact(answer.text);
      loaded.push(...Items);
      start = LastEvaluatedKey?.id;
    }
    if (load !== loads) return;
    items = loaded;
    hasMore = start !== undefined;
    showItems();
  } catch (error) {
    if (load === loads) showItemsMessage(`The items could not be loaded: ${error.message}`, true);
  }
}

function showItemsMessage(text, isFailure = false) {
  byId("items-message").replaceChildren(isFailure ? failure(text) : note(text));
  byId("try-again").hidden = !isFailure;
}

function showItems() {
  const rows = byId("rows");
  const focused = rows.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
  rows.replaceChildren(...items.map(row));
  if (focused) focusRow(focused);
  byId("items-table").hidden = items.length === 0;
  byId("load-more").hidden = !hasMore;
  const count = `${items.length === 1 ? "1 item" : `${items.length} items`}${hasMore ? " so far" : ""}.`;
  showItemsMessage(items.length > 0 || hasMore ? count : "There are no items yet. Create one with “New item”.");
}

function row({ id, name, price }) {
  const action = (text, act) => element("button", { type: "button", "aria-label": `${text} ${id}`, click: act }, text);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, id),
    element("td", { "data-label": "Name" }, plain(name)),
    element("td", { "data-label": "Price", class: "number" }, plain(price)),
    element("td", { class: "actions" }, action("Edit", () => editItem(id)), action("Delete", () => removeItem(id))),
  );
}

/** Focuses the button of a row with this label, whose element may be new, or another one if the row is gone. */
function focusRow(label) {
  (byId("rows").querySelector(`[aria-label="${CSS.escape(label)}"]`) ?? byId("new-item")).focus();
}

function startItems() {
  byId("new-item").onclick = () => openEditor("New item", {});
  byId("reload").onclick = () => loadItems();
  byId("try-again").onclick = () => loadItems();
  byId("load-more").onclick = () => {
    pages++;
    loadItems();
  };
  startDialogs();
  loadItems({ inBackground: true });
}
