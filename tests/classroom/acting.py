"""What acts in a browser, or tries to: Markdown and HTML that a learner may hand in."""

from __future__ import annotations

import re

ACTS = "alert(1)"

MARKDOWN = {
    "a script": f"<script>{ACTS}</script>",
    "a script in odd letters, over lines": "<ScRiPt\n src=//there.example/x.js></sCrIpT>",
    "an event": f'<img src="x.png" onerror="{ACTS}">',
    "an event of folded text": f"<details open ontoggle={ACTS}>a hint</details>",
    "a link": f"[look](javascript:{ACTS})",
    "a link in odd letters": f"[look][1]\n\n[1]: JaVaScRiPt:{ACTS}",
    "a link with a character reference": f"[look](java&#115;cript:{ACTS})",
    "a link with a tab inside": f'<a href="java&#9;script:{ACTS}">look</a>',
    "a link between angle brackets": f"<javascript:{ACTS}>",
    "a link to data": "[look](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "a link that nbgrader makes one": f"[look](files/javascript:{ACTS}//x.txt)",
    "a link to a page that was handed in": "[my notes](notes.html)",
    "a link to a picture that was handed in, and is a page": "[my notes](notes.svg.htm)",
    "a picture that configures Formgrader": "![me](/formgrader?path=submitted/mallory/01-osi-model)",
    "a picture that does so by a relative address": "![me](../../../formgrader?path=submitted/mallory&x=.png)",
    "a picture from elsewhere": "![me](https://there.example/me.png)",
    "a drawing": f"<svg onload={ACTS}></svg>",
    "a script in a drawing": f"<svg><script>{ACTS}</script></svg>",
    "a formula": f'<math><a xlink:href="javascript:{ACTS}">look</a></math>',
    "a frame": '<iframe src="notes.html"></iframe>',
    "an object": '<object data="notes.html"></object>',
    "an embedded page": '<embed src="notes.html">',
    "a form": '<form action="/formgrader/api/grades"><button>Next</button></form>',
    "another page instead": '<meta http-equiv="refresh" content="0; url=notes.html">',
    "other addresses": '<base href="//there.example/">',
    "a style": "<style>body { display: none }</style>",
    "something before everything": '<div style="position: fixed; inset: 0">full marks</div>',
    "what looks like a comment": f'<a title="<!-- " onclick={ACTS} x="-->">look</a>',
    "a mermaid": f"```mermaid\n<img src=x onerror={ACTS}>\n```",
    "a table with an event": f"| a |\n|---|\n| <b onclick={ACTS}>1</b> |",
}

HTML = {
    "an event without spaces": f'<img/src="x"/onerror="{ACTS}">',
    "a tag without an end": f"<img src=x onerror={ACTS} \n",
    **{name: text for name, text in MARKDOWN.items() if re.match(r"<\w+[\s>]", text)},
}
