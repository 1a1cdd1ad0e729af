// What the onion explorer does in the browser: three numbers (layers taken off, layer, field) decide what is seen.
// Browser tests hold on to data-explorer, data-message, data-taken, data-action, data-layer, data-field, data-byte,
// data-lit, data-gone, and data-role status, story, meaning.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const count = (number) => number + (number === 1 ? " byte" : " bytes");

function render({ model, el }) {
  const choice = element("select", { "data-action": "message", "aria-label": "Message" });
  for (const { key, title } of model.get("messages")) choice.append(element("option", { value: key }, title));
  const unwrap = element("button", { type: "button", "data-action": "unwrap" });
  const wrap = element("button", { type: "button", "data-action": "wrap" });
  const story = element("p", { "data-role": "story" });
  const status = element("p", { "data-role": "status", role: "status" });
  const off = element("div", { class: "ag-onion-off", "aria-label": "Taken off" });
  const shells = element("div", { role: "group", "aria-label": "Layers, outermost first" });
  const fields = element("div", { class: "ag-onion-fields", role: "group" });
  const meaning = element("div", { class: "ag-onion-meaning", "data-role": "meaning", role: "status" });
  const hex = element("div", { class: "ag-onion-hex", role: "group" });
  // JupyterLab's shortcuts would take arrow keys and Enter away from the buttons in here.
  const box = element("div", { class: "ag-onion", "data-explorer": "onion", "data-lm-suppress-shortcuts": "true",
    role: "group", "aria-label": "The networking onion" },
    element("div", { class: "ag-onion-bar" }, choice, wrap, unwrap), story, status, off, shells,
    element("div", { class: "ag-onion-columns" }, fields, meaning), hex);
  let sending = false;
  let drawn = "";

  const chosen = () => model.get("messages").find((message) => message.key === model.get("message"));
  const around = (message) => message.layers.filter((layer) => !layer.padding);
  const bytes = (message) => message.hex.match(/../g);

  function set(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
    show();
  }
  function take(taken) {
    sending = taken < model.get("taken");
    set({ taken, layer: taken, field: 0 });
  }
  function choose(layer, field) {
    set({ layer, field });
  }

  function show() {
    const message = chosen();
    const shellLayers = around(message);
    const taken = Math.max(0, Math.min(model.get("taken"), shellLayers.length - 1));
    const layerNumber = Math.min(model.get("layer"), message.layers.length - 1);
    const layer = message.layers[layerNumber];
    const fieldNumber = Math.min(model.get("field"), layer.fields.length - 1);
    const step = message.steps[taken];
    const end = sending ? step.wrapped_end : step.unwrapped_end;
    choice.value = message.key;
    box.dataset.message = message.key;
    box.dataset.taken = taken;
    story.textContent = message.story;
    status.textContent = sending ? step.wrapped : step.unwrapped;
    unwrap.disabled = taken === shellLayers.length - 1;
    unwrap.textContent = unwrap.disabled ? "Unwrap ▲" : "Unwrap ▲ take " + shellLayers[taken].name + " off";
    wrap.disabled = taken === 0;
    wrap.textContent = wrap.disabled ? "▼ Wrap" : "▼ Wrap: put " + shellLayers[taken - 1].name + " around";
    off.replaceChildren(...shellLayers.slice(0, taken).map((each) =>
      element("span", {}, each.name + " " + (sending ? "still to come" : "taken off"))));
    drawShells(message, taken, layerNumber, end);
    drawFields(layer, layerNumber, fieldNumber);
    drawMeaning(message, layer, layer.fields[fieldNumber]);
    drawHex(message, taken, end, layer.fields[fieldNumber]);
  }

  // A box in a box: each holds its own header, then what it carries.
  function drawShells(message, taken, pressed, end) {
    let inner = [];
    message.layers.map((layer, number) => ({ layer, number })).reverse().forEach(({ layer, number }) => {
      if (layer.padding) {
        if (layer.end <= end) inner = [shell(layer, number, pressed, [])];
        return;
      }
      if (number < taken) return;
      // Padding lies behind the packet, inside the frame: it stays beside the outermost packet of layer 3.
      const beside = inner.filter((each) => each.dataset.padding !== undefined && layer.osi > 2);
      const carried = inner.filter((each) => !beside.includes(each));
      inner = [shell(layer, number, pressed, carried), ...beside];
    });
    const held = shells.contains(document.activeElement) && document.activeElement.dataset.layer;
    shells.replaceChildren(element("div", { style: "display:flex;gap:4px" }, ...inner));
    if (held) shells.querySelector('[data-layer="' + held + '"]')?.focus();
  }
  function shell(layer, number, pressed, carried) {
    const button = element("button", { type: "button", "data-layer": layer.name, "aria-pressed": number === pressed },
      layer.name, element("small", {}, count(layer.end - layer.start)));
    button.addEventListener("click", () => choose(number, 0));
    const made = element("div", { class: "ag-onion-shell", "data-osi": layer.osi }, button, ...carried);
    if (layer.padding) {
      made.dataset.padding = "";
      made.style.flex = "0 0 auto";
    }
    return made;
  }

  function drawFields(layer, layerNumber, pressed) {
    fields.dataset.osi = layer.osi;
    fields.toggleAttribute("data-padding", layer.padding);
    fields.setAttribute("aria-label", "Fields of " + layer.name + "; arrow keys move");
    const held = fields.contains(document.activeElement);
    fields.replaceChildren(...layer.fields.map((field, number) => {
      const button = element("button", { type: "button", "data-field": field.name, "aria-pressed": number === pressed,
        tabindex: number === pressed ? "0" : "-1" },
        element("i", { "aria-hidden": "true" }, field.place), element("b", {}, field.name), element("code", {}, field.value));
      button.addEventListener("click", () => choose(layerNumber, number));
      return button;
    }));
    const now = fields.children[pressed];
    if (held) now.focus({ preventScroll: true });
    reveal(fields, now);
  }

  function drawMeaning(message, layer, field) {
    meaning.dataset.osi = layer.osi;
    meaning.toggleAttribute("data-padding", layer.padding);
    const raw = bytes(message).slice(field.start, field.end);
    const where = raw.length === 1 ? "byte " + field.start : "bytes " + field.start + " to " + (field.end - 1);
    const shown = raw.length > 16 ? raw.slice(0, 16).join(" ") + " …" : raw.join(" ");
    const parts = [
      element("h4", {}, field.name),
      element("p", {}, where + ", " + (field.bits ? field.bits[1] + (field.bits[1] === 1 ? " bit of " : " bits of ") : ""),
        element("code", {}, shown)),
    ];
    if (field.bits) {
      const digits = raw.map((each) => parseInt(each, 16).toString(2).padStart(8, "0")).join("");
      const [first, width] = field.bits;
      parts.push(element("p", {}, element("code", {}, digits.slice(0, first),
        element("mark", {}, digits.slice(first, first + width)), digits.slice(first + width)), " in bits"));
    }
    const more = field.meaning === field.value ? "" : field.meaning;
    parts.push(field.raw ? element("p", {}, element("b", {}, more))
      : element("p", {}, "= ", element("b", {}, field.value), more && ": " + more));
    if (field.about) parts.push(element("p", {}, field.about));
    meaning.replaceChildren(...parts);
  }

  function drawHex(message, taken, end, field) {
    const begin = around(message)[taken].start;
    if (drawn !== message.key) {
      hex.replaceChildren(...hexRows(message));
      hex.setAttribute("aria-label", "The " + count(message.hex.length / 2) + " of the frame; click one to see its field");
      hex.scrollTop = 0;
      drawn = message.key;
    }
    hex.querySelectorAll("[data-byte], [data-text]").forEach((cell) => {
      const at = Number(cell.dataset.byte ?? cell.dataset.text);
      cell.toggleAttribute("data-gone", at < begin || at >= end);
      cell.toggleAttribute("data-lit", at >= field.start && at < field.end);
    });
    const lit = hex.querySelectorAll("[data-byte][data-lit]");
    reveal(hex, lit[lit.length - 1]);
    reveal(hex, lit[0]);
  }
  function hexRows(message) {
    const raw = bytes(message);
    const rows = [];
    for (let at = 0; at < raw.length; at += 16) {
      const row = element("div", {}, element("i", {}, at.toString().padStart(4, " ") + "  "));
      const text = [];
      for (let index = at; index < at + 16; index += 1) {
        if (index >= raw.length) {
          row.append(element("span", { style: "padding:0 0.25em" }, "  "));
          continue;
        }
        const owner = message.layers.find((layer) => index >= layer.start && index < layer.end);
        const code = parseInt(raw[index], 16);
        const look = { "data-osi": owner.osi, ...(owner.padding ? { "data-padding": "" } : {}) };
        row.append(element("span", { "data-byte": index, ...look }, raw[index]));
        text.push(element("span", { "data-text": index, ...look }, code > 32 && code < 127 ? String.fromCharCode(code) : "·"));
      }
      row.append("  ", ...text);
      rows.push(row);
    }
    return rows;
  }

  // Scrolls inside the explorer only, never the page.
  function reveal(container, child) {
    const above = child.getBoundingClientRect().top - container.getBoundingClientRect().top + container.scrollTop;
    if (above < container.scrollTop) container.scrollTop = above - 4;
    else if (above + child.offsetHeight > container.scrollTop + container.clientHeight)
      container.scrollTop = above + child.offsetHeight - container.clientHeight + 4;
  }

  choice.addEventListener("change", () => {
    sending = false;
    set({ message: choice.value, taken: 0, layer: 0, field: 0 });
  });
  unwrap.addEventListener("click", () => take(model.get("taken") + 1));
  wrap.addEventListener("click", () => take(model.get("taken") - 1));
  fields.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const layer = chosen().layers[model.get("layer")];
    choose(model.get("layer"), Math.max(0, Math.min(layer.fields.length - 1, model.get("field") + by)));
  });
  // A click on a byte chooses its field; where fields share the byte, the next click chooses the next.
  hex.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-byte], [data-text]");
    if (!cell || cell.hasAttribute("data-gone")) return;
    const at = Number(cell.dataset.byte ?? cell.dataset.text);
    const number = chosen().layers.findIndex((layer) => at >= layer.start && at < layer.end);
    const layer = chosen().layers[number];
    const here = layer.fields.map((field, index) => index).filter((index) => {
      const field = layer.fields[index];
      return at >= field.start && at < field.end;
    });
    const last = number === model.get("layer") ? here.indexOf(model.get("field")) : -1;
    choose(number, here[(last + 1) % here.length]);
  });
  model.on("change:message change:taken change:layer change:field", show);
  el.append(box);
  show();
  return () => model.off("change:message change:taken change:layer change:field", show);
}
export default { render };
