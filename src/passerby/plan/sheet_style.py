"""How the sheet looks, in light and in dark."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --dim: #57606a; --line: #d0d7de; --card: #f6f8fa;
  --detected: #0b5cad; --followed: #4793d6; --filled: #b97800; --extended: #8a5fbf; --drawn: #1a7f37; --seen: #b3261e;
  --low: #57606a; --some: #8a5a00; --high: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1318; --ink: #e6edf3; --dim: #9aa4af; --line: #30363d;
  --card: #171c23; --detected: #58a6ff; --followed: #2f6fb5; --filled: #d29922; --extended: #b392f0; --drawn: #3fb950;
  --seen: #ff8a80; --low: #9aa4af; --some: #e3b341; --high: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 0; }
small, header p, .facts, .ends, figcaption { color: var(--dim); }
small { font-weight: normal; overflow-wrap: anywhere; }
header p { margin: .3rem 0 0; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th { font-weight: 600; }
td { overflow-wrap: anywhere; }
.wide th { white-space: nowrap; }
.wide td { min-width: 6.5rem; max-width: 30rem; }
.wide { overflow-x: auto; }
a { color: inherit; }
summary { cursor: pointer; }
article { display: grid; grid-template-columns: 16rem 1fr; gap: .8rem 1.2rem; margin: .9rem 0; padding: .9rem;
  content-visibility: auto; contain-intrinsic-size: auto 12rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
article:target { outline: 2px solid var(--detected); }
.words { grid-row: 1 / 3; }
.words p { margin: .3rem 0; }
.words ul { margin: .3rem 0; padding-left: 1.1rem; }
.words li.fine { list-style: none; margin-left: -1.1rem; color: var(--dim); }
.facts { font-size: .875rem; }
.strip { display: flex; flex-wrap: wrap; gap: .6rem; align-content: flex-start; }
.lane { align-self: end; }
figure { margin: 0; }
figure img { display: block; height: 96px; width: auto; max-width: 100%; border-radius: 4px; }
figcaption { font-size: .75rem; line-height: 1.3; padding-top: .2rem; }
.ends { display: flex; justify-content: space-between; margin: .15rem 0 0; font-size: .75rem; }
.risk { display: inline-block; padding: 0 .5rem; border: 1px solid var(--low); border-radius: 1rem; color: var(--low);
  font-size: .875rem; font-weight: 600; }
.r2, .r3, .r4 { border-color: var(--some); color: var(--some); }
.r5 { border-color: var(--high); background: var(--high); color: var(--paper); }
.seen, header .seen { color: var(--seen); font-weight: 600; }
svg { display: block; max-width: 100%; }
section > svg, .lane > svg { width: 100%; }
.key { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; padding: 0; list-style: none; }
.key li { display: flex; align-items: center; gap: .45rem; }
.film { fill: var(--line); } .here { fill: var(--ink); } .ground { fill: var(--line); }
.o0 { fill: var(--detected); } .o1 { fill: var(--followed); } .o2 { fill: var(--filled); }
.o3 { fill: var(--extended); }
.o4 { fill: none; stroke: var(--drawn); stroke-width: 3; vector-effect: non-scaling-stroke; }
.kept { fill: var(--seen); }
.cut { fill: none; stroke: var(--ink); stroke-width: 2; stroke-dasharray: 3 2; vector-effect: non-scaling-stroke; }
@media (max-width: 40rem) { article { grid-template-columns: 1fr; } .words { grid-row: auto; } }
@media print { article { break-inside: avoid; } }
"""
