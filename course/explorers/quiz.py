"""A self-check question: every option answers with its own reason.

    from explorers.quiz import quiz

    quiz("Which layer does a port belong to?", {
        "network": (False, "IP names hosts; it has no field for a port."),
        "transport": (True, "The first two fields of TCP and of UDP are ports."),
    })

More than one option may be right. What stands between `backticks` is shown as code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from .figure import Figure, marked

VERDICTS = {True: "✓ Right.", False: "✗ Not this one."}

# data-quiz, data-option, data-verdict and aria-expanded are what browser tests hold on to.
ESM = """
function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "ag-quiz";
  box.dataset.quiz = "";
  box.setAttribute("role", "group");
  const question = document.createElement("p");
  question.className = "ag-quiz-question";
  question.innerHTML = model.get("question");
  box.append(question);
  box.setAttribute("aria-label", "Question: " + question.textContent);
  const opened = new Set(model.get("opened"));
  model.get("options").forEach(([option, right, reason], index) => {
    const row = document.createElement("div");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.option = index;
    button.innerHTML = option;
    const answer = document.createElement("p");
    answer.setAttribute("role", "status");
    row.append(button, answer);
    const show = () => {
      const open = opened.has(index);
      button.setAttribute("aria-expanded", open);
      answer.hidden = !open;
      if (open) {
        row.dataset.verdict = right ? "right" : "wrong";
        answer.innerHTML = "<b>" + (right ? "✓ Right." : "✗ Not this one.") + "</b> " + reason;
      } else {
        delete row.dataset.verdict;
        answer.textContent = "";
      }
    };
    button.addEventListener("click", () => {
      if (!opened.delete(index)) opened.add(index);
      show();
      model.set("opened", [...opened].sort());
      model.save_changes();
    });
    show();
    box.append(row);
  });
  el.append(box);
}
export default { render };
"""

CSS = """
.ag-quiz { color: var(--jp-content-font-color1, CanvasText); background: var(--jp-layout-color1, Canvas);
  font-family: var(--jp-content-font-family, sans-serif); font-size: var(--jp-content-font-size1, 14px);
  line-height: 1.5; border: 1px solid var(--jp-border-color2, GrayText); border-radius: 4px;
  padding: 0.6em 0.9em; max-width: 50em; }
.ag-quiz p { margin: 0.2em 0 0.6em; }
.ag-quiz .ag-quiz-question { font-weight: 600; }
.ag-quiz button { font: inherit; color: inherit; text-align: left; width: 100%; cursor: pointer;
  padding: 0.35em 0.7em; margin: 0.15em 0; background: var(--jp-layout-color2, ButtonFace);
  border: 1px solid var(--jp-border-color1, GrayText); border-left-width: 5px; border-radius: 3px; }
.ag-quiz button:hover { background: var(--jp-layout-color3, ButtonFace); }
.ag-quiz button:focus-visible { outline: 2px solid var(--jp-brand-color1, Highlight); outline-offset: 1px; }
.ag-quiz [data-verdict=right] button { border-left-color: var(--jp-success-color1, #388e3c); }
.ag-quiz [data-verdict=wrong] button { border-left-color: var(--jp-error-color1, #d32f2f); }
.ag-quiz [role=status] { padding-left: 1em; }
.ag-quiz code { font-family: var(--jp-code-font-family, monospace); font-size: 0.92em;
  color: inherit; background: transparent; padding: 0; }
"""


class Quiz(Figure):
    """One question, live: a click on an option shows whether it is right, and why."""

    _esm = ESM
    _css = CSS
    question = traitlets.Unicode().tag(sync=True)
    options: traitlets.List[Any] = traitlets.List().tag(sync=True)
    opened: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, question: str, options: Mapping[str, tuple[bool, str]]) -> None:
        self._plain = (question, [(text, right, reason) for text, (right, reason) in options.items()])
        rows = [(marked(text), right, marked(reason)) for text, right, reason in self._plain[1]]
        super().__init__(question=marked(question), options=rows)

    def words(self) -> str:
        """Question and options; reasons stay folded away in `page()`."""
        question, rows = self._plain
        return "\n".join([question, *(f"  ( ) {text}" for text, _, _ in rows)])

    def page(self) -> str:
        """The same question with its reasons folded under the options."""
        rows = "".join(
            f"<details><summary>{text}</summary><p><b>{VERDICTS[right]}</b> {reason}</p></details>"
            for text, right, reason in self.options
        )
        return f"<div><p><b>{self.question}</b></p>{rows}</div>"


def quiz(question: str, options: Mapping[str, tuple[bool, str]]) -> Quiz:
    """Ask a question.

    Args:
        question: one sentence.
        options: option text -> (is it right, the reason), shown in this order.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: if no option is right, or a reason is missing.
    """
    if not any(right for right, _ in options.values()):
        raise ValueError(f"no option of {question!r} is right")
    for text, (_, reason) in options.items():
        if not reason:
            raise ValueError(f"option {text!r} of {question!r} has no reason")
    return Quiz(question, options)
