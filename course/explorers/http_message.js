// What the HTTP message explorer does in the browser: it shows parts, and asks the kernel about every edit.
// Browser tests hold on to data-explorer, data-message, data-outcome, data-part, data-action and data-role.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
function render({ model, el }) {
  const examples = model.get("examples");
  const chosen = () => examples.find((example) => example.key === model.get("message"));
  const choice = element("select", { "data-action": "message", "aria-label": "Message" });
  for (const { key, title } of examples) choice.append(element("option", { value: key }, title));
  const again = element("button", { type: "button", "data-action": "reset" }, "As it was");
  const note = element("p", { class: "ag-hm-note", "data-role": "note" });
  const editor = element("textarea", { "data-action": "edit", spellcheck: "false", "aria-label":
    "The message. Write \\r\\n for a line end; real line breaks mean nothing." });
  const bytes = element("div", { class: "ag-hm-bytes", role: "group", "aria-label": "The bytes, part by part" });
  const part = element("p", { class: "ag-hm-part", role: "status", "data-role": "part" });
  const framing = element("p", { "data-role": "framing" });
  const verdict = element("p", { class: "ag-hm-verdict", role: "status", "aria-live": "polite", "data-role": "verdict" });
  const box = element("div", { class: "ag-hm", "data-explorer": "http-message", "data-lm-suppress-shortcuts": "true" },
    element("div", { class: "ag-hm-bar" }, choice, again), note,
    element("label", { class: "ag-hm-label" }, "Edit it: \\r\\n is a line end, real line breaks mean nothing", editor),
    bytes, part, framing, verdict);
  let picked = 0;
  let timer = 0;

  function pick(index) {
    picked = index;
    const found = (model.get("shown").parts || [])[index];
    bytes.querySelectorAll("[data-part]").forEach((each, at) => each.setAttribute("aria-pressed", at === index));
    part.replaceChildren();
    if (!found) return;
    part.append(element("b", {}, found.kind), `, byte ${found.place}: `, element("code", {}, found.hex), " ", found.meaning);
  }
  function show() {
    const shown = model.get("shown");
    choice.value = model.get("message");
    box.dataset.message = choice.value;
    note.textContent = model.get("source") === chosen().source ? chosen().note : "Edited. What do the parser's words say now?";
    again.disabled = model.get("source") === chosen().source;
    if (shown.problem) {
      delete box.dataset.outcome;
      verdict.textContent = "Not readable: " + shown.problem;
      return;
    }
    box.dataset.outcome = shown.outcome;
    bytes.replaceChildren();
    shown.parts.forEach((each, index) => {
      const button = element("button", { type: "button", "data-part": each.kind, title: each.kind }, each.text.replaceAll("\n", ""));
      button.addEventListener("click", () => pick(index));
      bytes.append(button);
      if (each.text.endsWith("\\n")) bytes.append(element("br", {}));
    });
    framing.replaceChildren(element("b", {}, `${shown.size} bytes. `), "End of the body: " + shown.framing);
    verdict.textContent = shown.verdict;
    pick(Math.min(picked, shown.parts.length - 1));
  }
  function write(source) {
    model.set("source", source);
    model.save_changes();
  }
  function begin() {
    editor.value = chosen().source;
    picked = 0;
    write(editor.value);
  }
  choice.addEventListener("change", () => {
    model.set("message", choice.value);
    begin();
  });
  again.addEventListener("click", begin);
  editor.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => write(editor.value), 200);
  });
  bytes.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...bytes.querySelectorAll("[data-part]")];
    const next = all[all.indexOf(event.target) + step];
    if (!step || !next) return;
    event.preventDefault();
    event.stopPropagation();
    next.focus();
    next.click();
  });
  model.on("change:shown", show);
  editor.value = model.get("source");
  editor.rows = 8;
  show();
  el.append(box);
}
export default { render };
