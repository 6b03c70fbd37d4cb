"""What was left over, as one page of HTML that needs nothing else and shows nobody."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from passerby.leftovers.verdict import Leftover, Verdict
from passerby.plan.page_head import HEAD

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.bad { color: #a40000; font-weight: 600; } .good { color: #1a6b1a; font-weight: 600; }
figure { display: inline-block; margin: 0 1rem 1rem 0; max-width: 22rem; vertical-align: top; }
figcaption { font-size: .85rem; } img { display: block; max-width: 100%; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; } .bad { color: #ff8a80; }
.good { color: #8bd48b; } }
"""


def page(verdicts: Sequence[Verdict]) -> str:
    """All verdicts, one after the other."""
    return (
        f"{HEAD}<title>Leftovers</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        "<h1>Leftovers in finished files</h1>\n"
        f"{''.join(_section(verdict) for verdict in verdicts)}</body>\n</html>\n"
    )


def _section(verdict: Verdict) -> str:
    first, *rest = verdict.lines()
    plain = [line.strip() for line in rest if not line.startswith("  LEFT OVER")]
    mood = "good" if verdict.clean and not verdict.unchecked else "bad"
    carried = [f"{each.kind}: {each.what}" for each in verdict.carried]
    return (
        f'<section>\n<h2>{escape(verdict.file)}</h2>\n<p class="{mood}">{escape(first)}</p>\n'
        f"{''.join(_figure(leftover) for leftover in verdict.leftovers)}"
        f"{_list('Besides the picture, or missing there', carried)}{_list('About this look', plain)}</section>\n"
    )


def _figure(leftover: Leftover) -> str:
    picture = ""
    if leftover.jpeg is not None:
        data = base64.b64encode(leftover.jpeg).decode()
        picture = f'<img alt="where it is; it is hidden in this picture" src="data:image/jpeg;base64,{data}">'
    return f"<figure>{picture}<figcaption>{escape(leftover.line())}</figcaption></figure>\n"


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<h3>{title}</h3>\n<ul>\n{''.join(f'<li>{escape(line)}</li>{chr(10)}' for line in lines)}</ul>\n"
