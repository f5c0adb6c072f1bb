// The dialogs that change an item. Every write has a condition, so that two windows cannot overwrite each other's
// changes.

const editor = byId("editor");
const remover = byId("remover");

/** Returns `true` if the user has opened a dialog, which a late answer must not replace. */
const isDialogOpen = () => editor.open || remover.open;

/** Shows a dialog until it is closed. A click on Cancel and the key Escape close it. */
function showDialog(dialog) {
  const label = document.activeElement.getAttribute("aria-label");
  dialog.querySelector(".cancel").onclick = () => dialog.close();
  dialog.onclose = () => label && focusRow(label);
  dialog.showModal();
}

/** Reads an item with its tag, as `{ item, tag }`. Without an item, both are undefined. */
async function readItem(id) {
  const answer = await call("GET", itemPath(id), { inBackground: true });
  if (answer.status === 404) return {};
  if (answer.status !== 200) throw new Error(messageOf(answer.text));
  return { item: parseExact(answer.text).Item, tag: answer.headers.get("etag") };
}

/** Reads an item for a dialog, and announces why the dialog cannot open. */
async function openItem(id) {
  try {
    const read = await readItem(id);
    if (read.item) return isDialogOpen() ? undefined : read;
    announce(`The item ${id} does not exist any more.`, { isFailure: true });
    loadItems({ inBackground: true });
  } catch (error) {
    announce(`The item ${id} could not be read: ${error.message}`, { isFailure: true });
  }
  return undefined;
}

const fields = { id: byId("editor-id"), name: byId("editor-name"), price: byId("editor-price") };

/** The stored item that the editor changes, with its tag; both are undefined if there must not be one. */
let edited;

/** The values with which the editor was filled, with their texts, which lack for example a line break. */
let filled;

const showInEditor = (...messages) => byId("editor-message").replaceChildren(...messages);

function openEditor(title, read) {
  byId("editor-title").textContent = title;
  showInEditor();
  fillEditor(read.item ?? {});
  edit(read);
  showDialog(editor);
  (read.item ? fields.name : fields.id).focus();
}

function fillEditor(item) {
  filled = {};
  for (const [name, field] of Object.entries(fields)) {
    field.value = plain(item[name]);
    filled[name] = { text: field.value, value: item[name] };
  }
}

function edit(read) {
  edited = read;
  fields.id.readOnly = read.item !== undefined;
  byId("save").disabled = false;
}

async function editItem(id) {
  const read = await openItem(id);
  if (read) openEditor(`Edit ${id}`, read);
}

/** Returns the item of the editor. A field that the user did not change keeps its value. */
function editedItem() {
  const value = (name, parse = (text) => text) => {
    const text = fields[name].value;
    if (text === filled[name].text) return filled[name].value;
    return text === "" ? undefined : parse(text);
  };
  return { id: value("id"), name: value("name"), price: value("price", parsePrice) };
}

/** Returns a price as an exact number. A text that is not a number stays a text, and the API says what to correct. */
function parsePrice(text) {
  try {
    return JSON.rawJSON(text.trim());
  } catch {
    return text;
  }
}

async function save() {
  const before = edited;
  const item = editedItem();
  const isOpen = () => editor.open && edited === before;
  const condition = before.item ? { "if-match": before.tag } : { "if-none-match": "*" };
  showInEditor(note("Saving…"));
  try {
    const headers = { "content-type": "application/json", ...condition };
    const answer = await call("PUT", "/items", { headers, body: JSON.stringify(item) });
    if (answer.status === 412) return await showConflict(item, isOpen);
    if (answer.status !== 200) throw new Error(messageOf(answer.text));
  } catch (error) {
    // After a server error, the item may be stored.
    loadItems({ inBackground: true });
    const text = `Saving failed: ${error.message}`;
    return isOpen() ? showInEditor(failure(text)) : announce(text, { isFailure: true });
  }
  if (isOpen()) editor.close();
  announce(`Saved item ${item.id}.`);
  return loadItems({ inBackground: true });
}

/** Shows the stored item beside the user's, who decides which of them continues. */
async function showConflict(mine, isOpen) {
  const read = await readItem(mine.id);
  const stored = read.item;
  if (!isOpen()) return announce(`The item ${mine.id} was not saved: another client has changed it.`, { isFailure: true });
  const values = (item) => [plain(item.name), plain(item.price)];
  if (stored && String(values(stored)) === String(values(mine))) {
    // The answer of an earlier attempt was lost, or both windows agree.
    editor.close();
    announce(`The item ${mine.id} already has these values.`);
    return loadItems({ inBackground: true });
  }
  const decide = (text, act) => element("button", { type: "button", click: act }, text);
  const keep = decide(stored ? "Keep my values" : "Create it again", () => {
    edit(read);
    showInEditor(note(stored ? "“Save” will overwrite the stored item with the values below." : "“Save” will create the item again."));
    fields.name.focus();
  });
  const use = decide(stored ? "Use the stored values" : "Leave it deleted", () => {
    if (!stored) {
      editor.close();
      return loadItems({ inBackground: true });
    }
    edit(read);
    fillEditor(stored);
    showInEditor(note("The form now shows the stored item."));
    return fields.name.focus();
  });
  let reason = "Another client has changed this item since you opened it.";
  if (!edited.item) reason = "There is already an item with this id. Choose another id, or decide:";
  if (!stored) reason = "Another client has deleted this item since you opened it.";
  const comparison = stored ? [comparisonTable(mine, stored)] : [];
  showInEditor(failure(`The item was not saved. ${reason}`), ...comparison, element("p", { class: "buttons" }, keep, use));
  byId("save").disabled = true;
  return keep.focus();
}

function comparisonTable(mine, stored) {
  const heading = (scope, text) => element("th", { scope }, text);
  const line = (name) => element("tr", {}, heading("row", name), ...[mine, stored].map((item) => element("td", {}, plain(item[name]))));
  const head = element("tr", {}, element("td", {}), heading("col", "yours"), heading("col", "stored"));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, line("name"), line("price")));
}

/** The item that the dialog asks to delete, and its tag. */
let removed;

async function removeItem(id) {
  const read = await openItem(id);
  if (!read) return;
  byId("remover-title").textContent = `Delete ${id}`;
  showRemoved(read, note("This cannot be undone."));
  showDialog(remover);
}

function showRemoved(read, message) {
  removed = read;
  byId("remover-message").replaceChildren(message);
  byId("remover-item").textContent = JSON.stringify(read.item, null, 2);
}

async function remove() {
  const before = removed;
  const { id } = before.item;
  const isOpen = () => remover.open && removed === before;
  let result = `Deleted item ${id}.`;
  byId("remover-message").replaceChildren(note("Deleting…"));
  try {
    const answer = await call("DELETE", itemPath(id), { headers: { "if-match": before.tag } });
    if (answer.status === 412) {
      const read = await readItem(id);
      const text = "It was not deleted: another client has changed it since you opened it. This is the stored item now.";
      if (read.item) return isOpen() ? showRemoved(read, failure(text)) : announce(`${id}: ${text}`, { isFailure: true });
      result = `Another client had already deleted the item ${id}.`;
    } else if (answer.status !== 200) {
      throw new Error(messageOf(answer.text));
    }
  } catch (error) {
    loadItems({ inBackground: true });
    const text = `Deleting failed: ${error.message}`;
    return isOpen() ? byId("remover-message").replaceChildren(failure(text)) : announce(text, { isFailure: true });
  }
  if (isOpen()) remover.close();
  announce(result);
  return loadItems({ inBackground: true });
}

function startDialogs() {
  // After a conflict about a new item, another id is a new attempt.
  fields.id.oninput = () => {
    showInEditor();
    byId("save").disabled = false;
  };
  onSubmit(byId("editor-form"), save);
  onSubmit(byId("remover-form"), remove);
}
