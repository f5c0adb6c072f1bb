// The start of the page.

async function showAbout() {
  try {
    const { table, store, bootstrap } = await inspectorData("about");
    const binary = bootstrap === null ? "" : ` The function is the binary ${bootstrap}.`;
    byId("about").textContent = `The items are in the table ${table}, ${store}.${binary}`;
  } catch (error) {
    announce(error.message, { isFailure: true });
  }
}

if (JSON.rawJSON && CSS.supports("color", "light-dark(red, red)")) {
  startItems();
  startOperations().catch((error) => announce(`The operations could not be loaded: ${error.message}`, { isFailure: true }));
  startInspector();
  showAbout();
} else {
  announce("This browser is too old: it would round prices. Use Chrome 123, Firefox 135, Safari 18.4, or a newer one.", { isFailure: true });
  document.querySelector("main").hidden = true;
}
