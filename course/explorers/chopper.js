// Controls on top, the picture from the kernel below. data-part is what browser tests hold on to.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "ag-chopper";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Stream chopper");

  const labelled = (text, control, part) => {
    const label = document.createElement("label");
    label.append(text + " ", control);
    control.dataset.part = part;
    return label;
  };
  const framing = document.createElement("select");
  for (const [key, label] of Object.entries(model.get("framings"))) framing.add(new Option(label, key));
  const messages = document.createElement("input");
  messages.size = 28;
  const piece = document.createElement("input");
  piece.type = "range";
  piece.min = 1;
  piece.max = 40;
  const count = document.createElement("output");
  const controls = document.createElement("div");
  controls.className = "ag-chopper-controls";
  const pieces = labelled("recv returns up to", piece, "piece");
  pieces.append(" ", count, " bytes");
  controls.append(
    labelled("messages, with | between them", messages, "messages"),
    labelled("how a message ends:", framing, "framing"),
    pieces,
  );
  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  const figure = document.createElement("div");
  figure.dataset.part = "figure";
  box.append(controls, problem, figure);

  const show = () => {
    framing.value = model.get("framing");
    if (document.activeElement !== messages) messages.value = model.get("messages").join("|");
    piece.value = model.get("piece");
    count.textContent = model.get("piece");
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    figure.innerHTML = model.get("svg");
  };
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  framing.addEventListener("change", () => set("framing", framing.value));
  messages.addEventListener("input", () => set("messages", messages.value.split("|")));
  piece.addEventListener("input", () => set("piece", Number(piece.value)));
  model.on("change", show);
  show();
  el.append(box);
}
export default { render };
