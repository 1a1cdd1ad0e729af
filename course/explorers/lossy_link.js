// Sliders on top, the picture from the kernel below: each move really sends. data-part is what browser tests hold on to.
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "ag-lossy-link";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Lossy link");

  const percent = (value) => Math.round(value * 100) + " %";
  const sliders = [
    { name: "loss", label: "loss", max: 0.6, step: 0.05, told: percent },
    { name: "duplicate", label: "duplicate", max: 0.6, step: 0.05, told: percent },
    { name: "reorder", label: "reorder", max: 0.6, step: 0.05, told: percent },
    { name: "delay", label: "delay each way", max: 0.1, step: 0.01, told: (value) => Math.round(value * 1000) + " ms" },
    { name: "seed", label: "seed", max: 50, step: 1, told: String },
  ];
  const controls = document.createElement("div");
  controls.className = "ag-lossy-link-controls";
  for (const slider of sliders) {
    slider.input = document.createElement("input");
    slider.input.type = "range";
    slider.input.min = 0;
    slider.input.max = slider.max;
    slider.input.step = slider.step;
    slider.input.dataset.part = slider.name;
    slider.output = document.createElement("output");
    const label = document.createElement("label");
    label.append(slider.label + " ", slider.input, " ", slider.output);
    controls.append(label);
    slider.input.addEventListener("input", () => {
      model.set(slider.name, Number(slider.input.value));
      model.save_changes();
    });
  }
  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  const figure = document.createElement("div");
  figure.dataset.part = "figure";
  const measured = document.createElement("p");
  measured.dataset.part = "measured";
  box.append(controls, problem, figure, measured);

  const show = () => {
    for (const slider of sliders) {
      const value = model.get(slider.name);
      if (document.activeElement !== slider.input) slider.input.value = value;
      slider.output.textContent = slider.told(value);
    }
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
    figure.innerHTML = model.get("svg");
    measured.textContent = model.get("measured");
  };
  model.on("change", show);
  show();
  el.append(box);
}
export default { render };
