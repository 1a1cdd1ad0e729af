"""Two timelines, a client's and a server's, stepped call by call.

    from explorers.timelines import timelines

    timelines()                          # all scenarios, starting with the first
    timelines("half-close", step=3)      # one of them, three steps in

`timelines_stories.py` holds the scenarios, `timelines_model.py` the state machine behind them.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import traitlets

from .figure import Figure, marked
from .timelines_model import SOCKETS, Scenario, Segment, Step
from .timelines_stories import SCENARIOS

HERE = Path(__file__)


def words(scenario: Scenario) -> str:
    """The scenario in plain text: a line for every step, with segments and the states after it."""
    states = scenario.states()
    lines = [scenario.title, scenario.summary, "", f"at the start: {_tell(states[0])}"]
    for number, (step, after) in enumerate(zip(scenario.steps, states[1:], strict=True), 1):
        seen = [
            f"{side}: {text}" for side, text in (("client", step.client), ("server", step.server)) if text
        ]
        lines.append(f"{number:2}. {step.who}: {step.call}" if step.call else f"{number:2}. kernels")
        lines += [
            f"      {'→' if segment.sender == 'client' else '←'} {segment.carries}"
            for segment in step.segments
        ]
        if seen and step.call != "   ".join((step.client, step.server)):
            lines.append(f"      {'; '.join(seen)}")
        if after != states[number - 1]:
            lines.append(f"      now {_tell(after)}")
    return "\n".join(lines)


def _tell(states: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {state}" for name, state in states.items()) or "no socket yet"


# The picture: call texts outside, states beside the two lanes, segments between the lanes.
WIDTH, TOP, ROW = 940, 56, 42
LANES: Mapping[str, int] = {"client": 360, "server": 560}
INK, MUTED = "var(--jp-content-font-color1, #1f2328)", "var(--jp-content-font-color2, #59636e)"
PAPER, LINE = "var(--jp-layout-color1, #ffffff)", "var(--jp-border-color1, #afb8c1)"
ACCENT = "var(--jp-brand-color1, #0969da)"
MONO = "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace)"


def picture(scenario: Scenario) -> str:
    """The scenario as SVG; step n is in `<g data-row="n">`, so that the front end can hide it."""
    states = scenario.states()
    height = TOP + ROW * len(scenario.steps) + 14
    told = html.escape(words(scenario))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'style="max-width:{WIDTH}px;width:100%;font-family:{MONO};font-size:12px">',
        f"<title>Two timelines: {html.escape(scenario.title.lower())}</title><desc>{told}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill:{PAPER}"/>',
    ]
    for side, x in LANES.items():
        parts.append(_text(x, 20, side, anchor="middle", weight="bold"))
        parts.append(
            f'<line x1="{x}" x2="{x}" y1="26" y2="{height - 8}" style="stroke:{LINE};stroke-width:2"/>'
        )
        old = [
            f"{name} {state}"
            for name, state in states[0].items()
            if SOCKETS[name] == side and name != "listener"
        ]
        if old:
            parts.append(_pill(x, side, TOP - 16, old[0]))
    for number, step in enumerate(scenario.steps, 1):
        parts.append(f'<g data-row="{number}">{_row(number, step, states[number - 1], states[number])}</g>')
    return "".join([*parts, "</svg>"])


def _row(number: int, step: Step, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """One step: number, call, what the programs see, segments, states that changed."""
    top = TOP + ROW * (number - 1)
    mark = f'<rect class="ag-tl-mark" x="0" y="{top}" width="4" height="{ROW - 6}" fill="none"/>'
    parts = [mark, _text(8, top + 20, str(number), colour=MUTED, size=10)]
    for side, seen in (("client", step.client), ("server", step.server)):
        x = 28 if side == "client" else LANES["server"] + 140
        if step.who == side:
            parts.append(_text(x, top + 17, step.call))
            if seen:
                parts.append(_text(x + 14, top + 32, _arrow(seen), colour=MUTED, size=11))
        elif seen:
            parts.append(
                _text(x, top + 24, seen if seen in step.call else _arrow(seen), colour=MUTED, size=11)
            )
    for segment in step.segments:
        parts.append(_segment(segment, top, crossing=len(step.segments) > 1))
    for name, state in after.items():
        if before.get(name) != state:
            side = SOCKETS[name]
            parts.append(_pill(LANES[side], side, top + 20, f"{name} {state}"))
    return "".join(parts)


def _arrow(seen: str) -> str:
    return seen if seen == "blocks" else f"→ {seen}"


def _segment(segment: Segment, top: int, *, crossing: bool) -> str:
    """An arrow from lane to lane that takes time: it arrives lower than it started."""
    start, end = (
        (LANES["client"], LANES["server"])
        if segment.sender == "client"
        else (LANES["server"], LANES["client"])
    )
    forward = 1 if end > start else -1
    tip_x, tip_y, y = end - 4 * forward, top + 34, top + 8
    head = f"M{tip_x - 9 * forward},{tip_y - 6} L{tip_x},{tip_y} L{tip_x - 10 * forward},{tip_y + 3}"
    where = start + 46 * forward if crossing else (start + end) / 2
    level = top + 7 if crossing else top + 14
    return (
        f'<path d="M{start + 3 * forward},{y} L{tip_x},{tip_y} {head}" '
        f'style="fill:none;stroke:{ACCENT};stroke-width:1.6"/>'
        + _text(where, level, segment.carries, anchor="middle", size=11, halo=True)
    )


def _pill(lane: int, side: str, middle: int, text: str) -> str:
    """A state beside its lane."""
    width = 126
    left = lane - width - 6 if side == "client" else lane + 6
    return (
        f'<rect x="{left}" y="{middle - 10}" width="{width}" height="20" rx="10" '
        f'style="fill:{PAPER};stroke:{ACCENT};stroke-width:1.2"/>'
        + _text(left + width / 2, middle + 4, text, anchor="middle", size=10.5, weight="bold")
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    colour: str = INK,
    size: float = 12,
    weight: str = "normal",
    halo: bool = False,
) -> str:
    style = f"fill:{colour};font-size:{size}px;font-weight:{weight}"
    if halo:
        style += f";paint-order:stroke;stroke:{PAPER};stroke-width:4px"
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {place} xml:space="preserve" style="{style}">{html.escape(text)}</text>'


class Timelines(Figure):
    """The explorer; `scenario` and `step` may be read and set from Python."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    scenarios: traitlets.List[Any] = traitlets.List().tag(sync=True)
    scenario = traitlets.Unicode().tag(sync=True)
    step = traitlets.Int().tag(sync=True)

    def words(self) -> str:
        """The chosen scenario, all of its steps."""
        return words(SCENARIOS[self.scenario])

    def picture(self) -> str:
        """The chosen scenario, all of its steps."""
        return picture(SCENARIOS[self.scenario])


def timelines(scenario: str = "normal", step: int = 0) -> Timelines:
    """Show the explorer.

    Args:
        scenario: the one to start with: "normal", "half-close", "refused", "reset" or "both-close".
        step: how many of its steps have happened, 0 for none.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: for a scenario or a step that there is not.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"there is no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    if not 0 <= step <= (last := len(SCENARIOS[scenario].steps)):
        raise ValueError(f"step {step} is not in 0..{last}, the steps of {scenario!r}")
    return Timelines(scenarios=[_plain(each) for each in SCENARIOS.values()], scenario=scenario, step=step)


def _plain(scenario: Scenario) -> dict[str, Any]:
    """What the front end needs of a scenario, as JSON takes it."""
    steps = [{"who": step.who, "call": step.call, "says": marked(step.says)} for step in scenario.steps]
    return {
        "key": scenario.key,
        "title": scenario.title,
        "summary": html.escape(scenario.summary),
        "steps": steps,
        "states": scenario.states(),
        "svg": picture(scenario),
    }
