// The form on top, the exchange drawn by the kernel below. data-part is what browser tests hold on to.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
function render({ model, el }) {
  const example = element("select", { "data-part": "example" }, element("option", { value: "" }, "choose …"));
  model.get("examples").forEach((each, index) => example.append(element("option", { value: index }, each.label)));
  const method = element("select", { "data-part": "method" });
  for (const name of model.get("methods")) method.append(element("option", { value: name }, name));
  const path = element("input", { "data-part": "path", size: 34, spellcheck: "false" });
  const headers = element("textarea", { "data-part": "headers", rows: 2, spellcheck: "false" });
  const body = element("textarea", { "data-part": "body", rows: 2, spellcheck: "false" });
  const send = element("button", { type: "button", "data-part": "send" }, "Send");
  const problem = element("p", { role: "alert" });
  const answer = element("p", { role: "status", "data-part": "answer" });
  const figure = element("div", { "data-part": "figure" });
  const steps = element("div", { class: "ag-rest-steps", role: "group", "aria-label": "What the answer offers" });
  const history = element("ol", { "aria-label": "The last exchanges", "data-part": "history" });
  const box = element("div", { class: "ag-rest", role: "group", "aria-label": "REST console", "data-lm-suppress-shortcuts": "true" },
    element("label", {}, "example ", example),
    element("div", { class: "ag-rest-line" }, element("label", {}, "method ", method), element("label", {}, "path ", path), send),
    element("div", { class: "ag-rest-line" },
      element("label", { class: "ag-rest-wide" }, "header lines, Name: value", headers),
      element("label", { class: "ag-rest-wide" }, "body", body)),
    problem, answer, figure, steps, element("details", {}, element("summary", {}, "The last exchanges"), history));

  const fill = (question) => {
    method.value = question.method;
    path.value = question.path;
    headers.value = question.headers;
    body.value = question.body;
  };
  const ask = () => {
    model.set("method", method.value);
    model.set("path", path.value);
    model.set("headers", headers.value);
    model.set("body", body.value);
    model.set("go", model.get("go") + 1);
    model.save_changes();
  };
  const show = () => {
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    figure.innerHTML = model.get("svg");
    const past = model.get("history");
    const last = past[past.length - 1];
    answer.textContent = last ? `${last.asked} was answered with ${last.answer}` : "";
    history.replaceChildren(...past.map((each) => element("li", {}, `${each.asked} → ${each.answer}`)));
    steps.replaceChildren();
    for (const step of model.get("steps")) {
      const button = element("button", { type: "button", "data-part": "step" }, step.label);
      button.addEventListener("click", () => { example.value = ""; fill(step); ask(); });
      steps.append(button);
    }
    if (steps.children.length) steps.prepend("The answer offers: ");
  };
  example.addEventListener("change", () => example.value && fill(model.get("examples")[example.value]));
  send.addEventListener("click", ask);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target === path)) { event.preventDefault(); ask(); }
  });
  fill({ method: model.get("method"), path: model.get("path"), headers: model.get("headers"), body: model.get("body") });
  for (const name of ["problem", "svg", "history", "steps"]) model.on(`change:${name}`, show);
  show();
  el.append(box);
}
export default { render };
