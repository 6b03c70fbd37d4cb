"""How the page looks: light and dark, narrow and on paper. The colours of ink and lines are those of `chart.py`."""

from __future__ import annotations

STYLE = """
:root { --paper: #ffffff; --card: #f6f8fa; --good: #1a7f37; --doubt: #8a5a00; --bad: #b3261e; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1318; --card: #171c23; --good: #3fb950; --doubt: #e3b341;
  --bad: #ff8a80; --accent: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .4rem; }
p { margin: .3rem 0; max-width: 46rem; }
small, header p, figcaption, .none, dd { color: var(--dim); }
small { font-weight: normal; }
.held { color: var(--good); }
.invalid { margin: 1rem 0; padding: .8rem 1rem; border: 3px solid var(--bad); border-radius: 8px; }
.invalid p, header .invalid p { color: var(--ink); }
.invalid strong { color: var(--bad); }
a { color: inherit; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
code { font-size: .8125rem; }
summary { cursor: pointer; }
dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; max-width: 46rem; }
.answers { list-style: none; padding: 0; display: grid; gap: .6rem; }
.answers li { display: grid; grid-template-columns: 9rem 1fr; gap: .3rem 1rem; padding: .7rem .9rem;
  background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--dim); border-radius: 6px; }
.answers h3 { margin: 0; }
.answers li.met { border-left-color: var(--good); } .answers li.unsure { border-left-color: var(--doubt); }
.answers li.missed, .answers li.invalid { border-left-color: var(--bad); }
.answers li.invalid { margin: 0; }
.state { display: inline-block; align-self: start; justify-self: start; padding: 0 .6rem; border: 1px solid var(--dim);
  border-radius: 1rem; color: var(--dim); font-size: .875rem; font-weight: 600; white-space: nowrap; }
span.met { border-color: var(--good); color: var(--good); }
span.unsure { border-color: var(--doubt); color: var(--doubt); }
span.missed { border-color: var(--bad); color: var(--bad); }
span.invalid { margin: 0; padding: 0 .6rem; border: 1px solid var(--bad); border-radius: 1rem; background: var(--bad);
  color: var(--paper); }
.question { border-top: 1px solid var(--line); margin-top: 2.2rem; }
.question h2 { margin-top: 1.2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th { font-weight: 600; } tbody th { font-weight: normal; }
thead th { font-size: .875rem; white-space: nowrap; }
.files th, .files td { overflow-wrap: normal; } .files td:nth-child(2), code { overflow-wrap: anywhere; }
.figures th[scope="row"] { min-width: 15rem; }
.figures td, .goals td { white-space: nowrap; } .figures td.none, .goals td:last-child { white-space: normal; }
.grid { table-layout: fixed; margin-bottom: .8rem; } .grid tbody th { font-weight: 600; }
.protocol th { padding-top: .8rem; font-size: .875rem; color: var(--dim); }
.whisker { display: block; margin-top: .4rem; }
.whisker .scale { stroke: var(--line); fill: none; } .whisker .reach { stroke: var(--accent); stroke-width: 3; }
.whisker circle { fill: var(--accent); }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 28rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .875rem; line-height: 1.4; padding-top: .2rem; }
.wide { overflow-x: auto; } .wide svg { display: block; width: 100%; }
.stills { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: 1rem; }
.stills img { display: block; width: 100%; height: auto; border-radius: 4px; }
@media (max-width: 44rem) {
  body { padding: 1rem; }
  .answers li { grid-template-columns: 1fr; }
  .stacked thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  .stacked tr, .stacked th, .stacked td { display: block; border: 0; padding: 0; }
  .stacked tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .stacked td[data-of]::before { content: attr(data-of) ": "; color: var(--dim); }
  .stacked tbody th { font-weight: 600; } .figures th[scope="row"] { min-width: 0; }
  .figures td, .goals td { white-space: normal; }
  .wide svg { min-width: 30rem; }
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .answers li, tr, figure, .invalid { break-inside: avoid; } h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; }
  .wide svg { min-width: 0; }
}
"""
