"""A report as HTML for JupyterLab: readable in its light and dark themes, without a script, and read aloud well."""

from __future__ import annotations

from html import escape

from autograder.report.model import CheckReport, Outcome, RequirementReport, number
from autograder.report.text import VOICES, closing, parts, split

_SYMBOLS: dict[Outcome, str] = {
    "passed": "✓",
    "wrong": "✗",
    "no answer": "✗",
    "grader broke": "!",
    "not run": "–",
    "skipped": "~",
}

_STYLE = """
.ag-report { color: var(--jp-ui-font-color1, CanvasText); font-family: var(--jp-ui-font-family, system-ui);
  font-size: var(--jp-ui-font-size1, 13px); line-height: 1.45; max-width: 62em; }
.ag-report h4 { margin: 0 0 .4em; font-size: 1.1em; }
.ag-report ol { list-style: none; margin: 0; padding: 0; }
.ag-report li { border-top: 1px solid var(--jp-border-color2, #8886); padding: .35em 0; }
.ag-head { display: grid; grid-template-columns: 1.4em 4em 1fr; }
.ag-mark { font-weight: bold; }
.ag-passed .ag-mark, .ag-skipped .ag-mark { color: var(--jp-success-color1, #2a7d2e); }
.ag-wrong .ag-mark, .ag-no-answer .ag-mark, .ag-grader-broke .ag-mark { color: var(--jp-error-color1, #c62828); }
.ag-voice { font-style: italic; opacity: .85; }
.ag-report dl { display: grid; grid-template-columns: max-content 1fr; gap: .15em .8em; margin: .4em 0 .3em 1.4em; }
.ag-report dt { font-weight: 600; font-size: .85em; letter-spacing: .03em; padding-top: .1em; white-space: nowrap;
  color: var(--jp-ui-font-color2, inherit); }
.ag-report dd { margin: 0; min-width: 0; }
.ag-report pre { margin: 0; padding: 0; border: 0; background: none; color: inherit; overflow-x: auto;
  white-space: pre; word-break: normal;
  font: var(--jp-code-font-size, 13px)/1.35 var(--jp-code-font-family, monospace); }
.ag-report pre.ag-wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
.ag-bar { height: .5em; border-radius: .25em; background: var(--jp-layout-color3, #8883); margin: .5em 0 .2em; }
.ag-bar span { display: block; height: 100%; border-radius: .25em; background: var(--jp-success-color1, #2a7d2e); }
.ag-score { font-weight: 600; }
""".strip()

def check_html(report: CheckReport, running: list[str] | None = None) -> str:
    """The report as one HTML fragment.

    Args:
        report: as far as it is known.
        running: sentences of the requirements still to come; None when the check is over.
    """
    items = "".join(_requirement(item) for item in report.requirements)
    items += "".join(_waiting(sentence) for sentence in running or [])
    share = 100 * report.points / report.max_points if report.max_points else 0
    end = (
        f'<p class="ag-score" role="status">{escape(closing(report))}</p>'
        if running is None
        else '<p class="ag-score" role="status">checking …</p>'
    )
    bar = f'<div class="ag-bar" aria-hidden="true"><span style="width: {share:.0f}%"></span></div>'
    summary = f": {escape(report.summary)}" if report.summary else ""
    return (
        f'<style>{_STYLE}</style><section class="ag-report" aria-label="Check of {escape(report.exercise)}">'
        f"<h4><code>{escape(report.exercise)}</code>{summary}</h4>"
        f"{'' if report.refused else f'<ol>{items}</ol>{bar}'}{end}</section>"
    )


def note_html(sentence: str) -> str:
    """One sentence in the same dress: why nothing could be checked."""
    return (
        f'<style>{_STYLE}</style><section class="ag-report">'
        f'<p class="ag-score" role="status">{escape(sentence)}</p></section>'
    )


def _requirement(item: RequirementReport) -> str:
    kind = item.outcome.replace(" ", "-")
    voice = "" if item.outcome == "passed" else f' <span class="ag-voice">{escape(VOICES[item.outcome])}</span>'
    return (
        f'<li class="ag-{kind}" data-requirement="{escape(item.name)}"><div class="ag-head">'
        f'<span class="ag-mark" role="img" aria-label="{escape(VOICES[item.outcome])}">{_SYMBOLS[item.outcome]}</span>'
        f"<span>{number(item.points)}/{number(item.max_points)}</span>"
        f"<span>{escape(item.sentence)}{voice}</span></div>{_details(item)}</li>"
    )


def _waiting(sentence: str) -> str:
    return (
        '<li class="ag-not-run"><div class="ag-head"><span class="ag-mark">·</span><span></span>'
        f"<span>{escape(sentence)}</span></div></li>"
    )


def _details(item: RequirementReport) -> str:
    rows = []
    for name, text in parts(item):
        if name == "ON THE WIRE":
            body = item.wire_html
        elif name == "SENT":
            body = f'<pre class="ag-wrap">{escape(text)}</pre>'
        else:
            prose, exact = split(name, text)
            body = escape("\n".join(prose)) + (f"<pre>{escape(chr(10).join(exact))}</pre>" if exact else "")
        rows.append(f"<dt>{escape(name)}</dt><dd>{body}</dd>")
    return f"<dl>{''.join(rows)}</dl>" if rows else ""
