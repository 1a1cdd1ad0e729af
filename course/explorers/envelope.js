// Controls on top, the picture from the kernel below. data-part is what browser tests hold on to.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "ag-envelope";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "SOAP envelope");

  const controls = document.createElement("div");
  controls.className = "ag-envelope-controls";
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const labelled = (text, control, part) => {
    const label = document.createElement("label");
    const name = document.createElement("span");
    name.textContent = text;
    label.append(name, " ", control);
    control.dataset.part = part;
    controls.append(label);
    return name;
  };
  const list = (text, part) => {
    const select = document.createElement("select");
    for (const [key, label] of Object.entries(model.get("choices")[part])) select.add(new Option(label, key));
    select.addEventListener("change", () => set(part, select.value));
    labelled(text, select, part);
    return select;
  };

  const kind = list("message:", "kind");
  const inputs = [0, 1].map((index) => {
    const input = document.createElement("input");
    input.size = 24;
    input.maxLength = 60;
    const name = labelled("", input, "value" + index);
    input.addEventListener("input", () => {
      const values = [...model.get("values")];
      values[index] = input.value;
      set("values", values);
    });
    return { input, name };
  });
  const naming = list("prefixes:", "naming");
  const spelling = list("the last text:", "spelling");
  const declared = document.createElement("input");
  declared.type = "checkbox";
  declared.addEventListener("change", () => set("declared", declared.checked));
  labelled("document type declaration", declared, "declared");

  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  const figure = document.createElement("div");
  figure.dataset.part = "figure";
  box.append(controls, problem, figure);

  const show = () => {
    kind.value = model.get("kind");
    naming.value = model.get("naming");
    spelling.value = model.get("spelling");
    declared.checked = model.get("declared");
    const fields = model.get("fields");
    inputs.forEach(({ input, name }, index) => {
      input.parentElement.hidden = index >= fields.length;
      name.textContent = (fields[index] ?? "") + ":";
      if (document.activeElement !== input) input.value = model.get("values")[index] ?? "";
    });
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    figure.innerHTML = model.get("svg");
  };
  model.on("change", show);
  show();
  el.append(box);
}
export default { render };
