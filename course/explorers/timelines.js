// What the timelines explorer does in the browser. The pictures come from Python: a step only shows or hides rows.
// Browser tests hold on to data-explorer, data-scenario, data-step, data-steps, data-action, data-state-of, data-state.
const SOCKETS = { sock: "client: sock", listener: "server: listener", conn: "server: conn" };
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
function render({ model, el }) {
  const scenarios = model.get("scenarios");
  const chosen = () => scenarios.find((scenario) => scenario.key === model.get("scenario"));
  const choice = element("select", { "data-action": "scenario", "aria-label": "Scenario" });
  for (const { key, title } of scenarios) choice.append(element("option", { value: key }, title));
  const buttons = {};
  const bar = element("div", { class: "ag-tl-bar" }, choice);
  for (const [action, text] of [["first", "Start"], ["back", "◀ Back"], ["next", "Next ▶"], ["last", "All"]]) {
    buttons[action] = element("button", { type: "button", "data-action": action }, text);
    bar.append(buttons[action]);
  }
  const counter = element("span", { class: "ag-tl-counter" });
  bar.append(counter);
  const says = element("div", { class: "ag-tl-says", role: "status", "aria-live": "polite" });
  const states = element("div", { class: "ag-tl-states" });
  const head = element("div", { class: "ag-tl-head" }, bar, states, says);
  const drawing = element("div", { class: "ag-tl-drawing" });
  const box = element("div", { class: "ag-tl", "data-explorer": "timelines", tabindex: "0", role: "group",
    "data-lm-suppress-shortcuts": "true", // in JupyterLab the arrow keys would move from cell to cell
    "aria-label": "Two timelines, a client's and a server's. Arrow keys step forward and back." }, head, drawing);
  let drawn = "";

  function show() {
    const scenario = chosen();
    const step = Math.max(0, Math.min(model.get("step"), scenario.steps.length));
    if (drawn !== scenario.key) {
      drawing.innerHTML = scenario.svg;
      drawn = scenario.key;
    }
    choice.value = scenario.key;
    box.dataset.scenario = scenario.key;
    box.dataset.step = step;
    box.dataset.steps = scenario.steps.length;
    counter.textContent = "step " + step + " of " + scenario.steps.length;
    const held = bar.querySelector("button:focus");
    buttons.first.disabled = buttons.back.disabled = step === 0;
    buttons.next.disabled = buttons.last.disabled = step === scenario.steps.length;
    if (held && held.disabled) box.focus({ preventScroll: true }); // a disabled button hears no keys
    drawing.querySelectorAll("[data-row]").forEach((row) => {
      const number = Number(row.dataset.row);
      row.classList.toggle("ag-tl-later", number > step);
      row.classList.toggle("ag-tl-now", number === step);
    });
    const before = step ? scenario.states[step - 1] : {};
    const after = scenario.states[step];
    states.replaceChildren(...Object.entries(SOCKETS).map(([name, label]) => {
      const state = after[name] || "not made yet";
      const cell = element("span", { "data-state-of": name, "data-state": after[name] || "" },
        label + " ", element("b", {}, state));
      if (step && before[name] !== after[name]) cell.classList.add("ag-tl-changed");
      return cell;
    }));
    if (step === 0) {
      says.innerHTML = "<p><b>Before the first step.</b> " + scenario.summary +
        " What will happen first? Say it, then press <b>Next</b> (or the right arrow key).</p>";
    } else {
      const { who, call, says: text } = scenario.steps[step - 1];
      const actor = call ? who + ":</b> <code></code> " : "the kernels, between two calls:</b> ";
      says.innerHTML = "<p><b>" + actor + text + "</p>";
      if (call) says.querySelector("code").textContent = call;
    }
  }
  function go(step) {
    model.set("step", Math.max(0, Math.min(step, chosen().steps.length)));
    model.save_changes();
  }
  const moves = {
    first: () => go(0), back: () => go(model.get("step") - 1),
    next: () => go(model.get("step") + 1), last: () => go(chosen().steps.length),
  };
  for (const [action, move] of Object.entries(moves)) buttons[action].addEventListener("click", move);
  choice.addEventListener("change", () => {
    model.set("scenario", choice.value);
    model.set("step", 0);
    model.save_changes();
  });
  const keys = { ArrowRight: "next", ArrowDown: "next", ArrowLeft: "back", ArrowUp: "back", Home: "first", End: "last" };
  box.addEventListener("keydown", (event) => {
    if (event.target === choice || !(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    moves[keys[event.key]]();
  });
  model.on("change:step", show);
  model.on("change:scenario", show);
  show();
  el.append(box);
}
export default { render };
