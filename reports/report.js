/* The button that copies the Markdown. Without this script the text is there too, and is copied by hand. */
(() => {
  const button = document.getElementById("copy");
  const text = document.getElementById("markdown");
  const said = document.getElementById("copied");
  const older = () => {
    const area = document.createElement("textarea");
    area.value = text.textContent;
    area.readOnly = true;
    area.className = "skip";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      done = older();
    }
    if (!done) {
      text.closest("details").open = true;
      getSelection().selectAllChildren(text);
      text.scrollIntoView();
    }
    said.textContent = done ? said.dataset.done : said.dataset.byHand;
  });
})();
