"""What all explorers share: a live view, and a still one in the same output."""

from __future__ import annotations

import base64
import html
import re
from typing import Any

import anywidget


class Figure(anywidget.AnyWidget):
    """A widget that also says what it shows without its kernel.

    A subclass gives the front end (`_esm`, `_css`) as anywidget asks, and overrides the
    methods below. Jupyter takes the live view while a kernel runs; a saved notebook
    shows `page()`, other readers `picture()`, and a terminal `words()`.
    All three must come out the same each time: nbval compares them.
    """

    def words(self) -> str:
        """The figure in plain text."""
        raise NotImplementedError

    def picture(self) -> str:
        """The figure as SVG with role="img", <title> and <desc>; "" if it has none."""
        return ""

    def page(self) -> str:
        """The figure as HTML without scripts or styles: JupyterLab strips both until it trusts a notebook."""
        return still(self.picture(), self.words())

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live view and the still ones, side by side in one output: (data, metadata)."""
        live = super()._repr_mimebundle_(**kwargs)
        data, metadata = live if live else ({}, {})
        data["text/plain"] = self.words()
        data["text/html"] = self.page()
        if picture := self.picture():
            data["image/svg+xml"] = picture
        return data, metadata

    def __repr__(self) -> str:
        return self.words()


def still(picture: str, words: str) -> str:
    """An HTML page with the picture and, folded, the same in words.

    The SVG travels inside an <img>, because JupyterLab shows that, and no inline SVG,
    in a notebook not yet trusted.
    """
    encoded = base64.b64encode(picture.encode()).decode("ascii")
    title = re.search(r"<title[^>]*>(.*?)</title>", picture, re.DOTALL)
    return (
        f'<figure><img alt="{title.group(1) if title else ""}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{encoded}">'
        f"<details><summary>The same in words</summary><pre>{html.escape(words)}</pre></details></figure>"
    )


def marked(text: str) -> str:
    """Plain text as HTML, escaped; what stands between `backticks` becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
