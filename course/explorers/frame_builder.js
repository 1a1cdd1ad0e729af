// Controls on top, the picture from the kernel below. data-part is what browser tests hold on to.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "ag-frame-builder";
  box.dataset.explorer = "frame-builder";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "WebSocket frame builder");

  const labelled = (text, control, part) => {
    const label = document.createElement("label");
    label.append(text + " ", control);
    control.dataset.part = part;
    return label;
  };
  const input = (type, size) => {
    const control = document.createElement("input");
    control.type = type;
    if (size) control.size = size;
    return control;
  };
  const fin = input("checkbox");
  const masked = input("checkbox");
  const key = input("text", 10);
  const payload = input("text", 24);
  const times = input("number");
  times.min = 1;
  times.max = 70000;
  const opcode = document.createElement("select");
  for (const [code, label] of Object.entries(model.get("opcodes"))) opcode.add(new Option(label, code));
  const hex = document.createElement("textarea");
  hex.rows = 2;
  hex.spellcheck = false;
  const controls = document.createElement("div");
  controls.className = "ag-frame-builder-controls";
  controls.append(
    labelled("FIN", fin, "fin"),
    labelled("opcode", opcode, "opcode"),
    labelled("payload", payload, "payload"),
    labelled("times", times, "times"),
    labelled("MASK", masked, "masked"),
    labelled("key", key, "key"),
    labelled("the bytes in hex: change them, or paste others", hex, "hex"),
  );
  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  const figure = document.createElement("div");
  figure.dataset.part = "figure";
  box.append(controls, problem, figure);

  const show = () => {
    fin.checked = model.get("fin");
    masked.checked = model.get("masked");
    key.disabled = !model.get("masked");
    const code = String(model.get("opcode"));
    if (![...opcode.options].some((option) => option.value === code)) opcode.add(new Option(code + " reserved", code));
    opcode.value = code;
    // What somebody is typing into is left alone.
    for (const [control, name] of [[key, "key"], [payload, "payload"], [times, "times"], [hex, "hex"]])
      if (document.activeElement !== control) control.value = model.get(name);
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    figure.innerHTML = model.get("svg");
  };
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  fin.addEventListener("change", () => set("fin", fin.checked));
  masked.addEventListener("change", () => set("masked", masked.checked));
  opcode.addEventListener("change", () => set("opcode", Number(opcode.value)));
  key.addEventListener("input", () => set("key", key.value));
  payload.addEventListener("input", () => set("payload", payload.value));
  times.addEventListener("input", () => set("times", Number(times.value) || 1));
  hex.addEventListener("input", () => set("hex", hex.value));
  model.on("change", show);
  show();
  el.append(box);
}
export default { render };
