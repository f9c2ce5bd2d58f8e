"""How the operator's page looks, as one style sheet and one icon. No foreign font, no picture from elsewhere."""

from __future__ import annotations

ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2f5d8a"/>\
<path d="M9 11v6a7 7 0 0 0 14 0v-2m-4 3 4-4 4 4" fill="none" stroke="#fff" stroke-width="2.6" \
stroke-linecap="round" stroke-linejoin="round"/></svg>
"""

STYLE = """\
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --raised: #ffffff; --ink: #1d2126; --quiet: #636b74; --line: #e3e4df; --link: #245a8d;
  --accent: #2f5d8a; --on-accent: #ffffff; --shade: #f3f3ef;
  --done: #2c6e49; --done-bg: #e6f2ea; --dead: #a3312b; --dead-bg: #fbe9e7;
  --retry: #875a09; --retry-bg: #fbf0d9; --wait: #4a5663; --wait-bg: #eaedf0;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --raised: #1c2024; --ink: #e4e6e8; --quiet: #97a0a9; --line: #2d3237; --link: #8bbbe8;
    --accent: #8bbbe8; --on-accent: #10202f; --shade: #22272b;
    --done: #8fd0a8; --done-bg: #1b3225; --dead: #f1a29b; --dead-bg: #3c1f1d;
    --retry: #e7c27a; --retry-bg: #372b13; --wait: #b3bec9; --wait-bg: #2a3037;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, .bar { max-width: 74rem; margin: 0 auto; padding: 0 1.5rem; }
main { padding-bottom: 4rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1 { font-size: 1.45rem; line-height: 1.25; font-weight: 600; margin: 1.8rem 0 .9rem; overflow-wrap: anywhere; }
h2 { font-size: 1.02rem; font-weight: 600; margin: 2.2rem 0 .7rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 44rem; }
.quiet { color: var(--quiet); }
code, pre, .mono { font-family: var(--mono); font-size: .86em; }

header { background: var(--raised); border-bottom: 1px solid var(--line); }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem 1.5rem; min-height: 3.4rem; }
.bar .name { font-weight: 650; margin-right: .6rem; color: var(--ink); }
.bar nav { display: flex; gap: .2rem; flex: 1; }
.bar nav a { color: var(--quiet); padding: .45rem .7rem; border-radius: 8px; white-space: nowrap; }
.bar nav a[aria-current] { color: var(--ink); background: var(--shade); font-weight: 550; }
.count { display: inline-block; min-width: 1.45em; padding: 0 .42em; border-radius: 1em; text-align: center;
  background: var(--dead-bg); color: var(--dead); font-size: .8em; font-weight: 600; }

.told { border-radius: 10px; padding: .7rem 1rem; margin: 1.3rem 0 0; max-width: none; }
.told.good { background: var(--done-bg); color: var(--done); }
.told.bad { background: var(--dead-bg); color: var(--dead); }
.told.note { background: var(--retry-bg); color: var(--retry); }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .8rem; margin: 1.3rem 0 0;
  padding: 0; }
.tile { background: var(--raised); border: 1px solid var(--line); border-radius: 12px; padding: .8rem 1rem; }
.tile dt { color: var(--quiet); font-size: .84rem; }
.tile dd { margin: .1rem 0 0; font-size: 1.6rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.tile dd small { font-size: .8rem; font-weight: 400; color: var(--quiet); }
.tile.bad dd { color: var(--dead); }
.tile.warm dd { color: var(--retry); }

.tools { position: relative; margin: 0 0 .8rem; }
.tools details { margin: 0; }
.tools .also { position: absolute; top: .25rem; right: 0; }
.filter { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin: 0; }
.filter label { font-size: .84rem; color: var(--quiet); flex: 1 1 9rem; max-width: 15rem; }
input, select, button, .button { font: inherit; font-size: 1rem; color: var(--ink); background: var(--raised);
  border: 1px solid var(--line); border-radius: 8px; padding: .42rem .7rem; min-height: 2.5rem; }
input, select { display: block; width: 100%; margin-top: .15rem; }
button, .button { cursor: pointer; white-space: nowrap; font-weight: 550; }
button:hover { border-color: var(--accent); }
button.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
button.plain { border: 0; background: none; color: var(--quiet); padding: .45rem .2rem; font-weight: 400; }
button.plain:hover { color: var(--ink); text-decoration: underline; }

.state { display: inline-block; padding: .06rem .55rem; border-radius: 1em; font-size: .82rem; font-weight: 600;
  white-space: nowrap; background: var(--wait-bg); color: var(--wait); }
.state.done { background: var(--done-bg); color: var(--done); }
.state.dead { background: var(--dead-bg); color: var(--dead); }
.state.retrying, .state.retry { background: var(--retry-bg); color: var(--retry); }
.flag { display: inline-block; padding: 0 .45rem; border: 1px solid var(--line); border-radius: 1em;
  font-size: .78rem; font-weight: 400; color: var(--quiet); overflow-wrap: anywhere; }

.rows { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 12px;
  background: var(--raised); overflow: hidden; }
.rows > li { position: relative; display: grid; align-items: baseline; gap: .1rem 1rem; padding: .6rem 1rem;
  grid-template-columns: 6.6rem minmax(11rem, 1.3fr) minmax(9rem, 1fr) minmax(11rem, auto); }
.rows.buttons > li { grid-template-columns: 6.6rem minmax(11rem, 1.3fr) minmax(9rem, 1fr) minmax(11rem, auto) auto; }
.rows > li + li { border-top: 1px solid var(--line); }
.rows > li:hover { background: var(--shade); }
.rows .event { font-weight: 550; overflow-wrap: anywhere; }
.rows .event a { color: inherit; }
.rows .event a::after { content: ""; position: absolute; inset: 0; }
.rows .where { overflow-wrap: anywhere; }
.rows .when { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.rows .why { grid-column: 2 / 5; color: var(--quiet); font-size: .88rem; overflow-wrap: anywhere; margin: 0;
  max-width: none; }
.rows form { position: relative; z-index: 1; grid-column: 5; grid-row: 1 / span 2; align-self: center; }
.nothing { border: 1px dashed var(--line); border-radius: 12px; padding: 1.6rem; text-align: center; max-width: none;
  color: var(--quiet); }
.steps { display: flex; justify-content: space-between; margin: 1rem 0 0; }

.facts { display: grid; grid-template-columns: fit-content(16rem) minmax(0, 1fr); gap: .35rem 1.5rem; margin: 0; }
.facts dt { color: var(--quiet); overflow-wrap: anywhere; }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.panel { background: var(--raised); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.2rem; }
.panel + .panel { margin-top: .7rem; }
.panel p { margin: .35rem 0 0; max-width: none; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem .8rem; }
.row .last { margin-left: auto; }
.actions { display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; margin: 1rem 0 0; }
pre { margin: 0; padding: 1rem 1.2rem; background: var(--shade); border-radius: 10px; overflow-x: auto;
  line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 34rem; overflow-y: auto; tab-size: 4; }
details { margin-top: .7rem; }
details > summary { cursor: pointer; color: var(--link); padding: .25rem 0; }
details[open] > summary { margin-bottom: .5rem; }
.all { margin: 0 0 1rem; }
.crumb { margin: 1.4rem 0 -1rem; font-size: .92rem; }

.door { max-width: 23rem; margin: 16vh auto 0; }
.door .panel { padding: 1.6rem; }
.door h1 { margin: 0 0 .3rem; }
.door button { width: 100%; margin-top: 1rem; }
.door label { display: block; margin-top: 1rem; }

@media (max-width: 760px) {
  main, .bar { padding-left: 1rem; padding-right: 1rem; }
  .bar { padding-top: .5rem; padding-bottom: .35rem; gap: 0 .5rem; }
  .bar .name { flex: 1; }
  .bar nav { order: 3; flex-basis: 100%; margin-left: -.7rem; overflow-x: auto; }
  .tiles { grid-template-columns: repeat(3, 1fr); gap: .5rem; }
  .tile { padding: .6rem .7rem; }
  .tile dt { font-size: .78rem; white-space: nowrap; }
  .tile dd { font-size: 1.1rem; }
  .tile dd small { font-size: .72rem; }
  .filter label { flex-basis: 45%; max-width: none; }
  .rows > li, .rows.buttons > li { grid-template-columns: 1fr auto; padding: .75rem 1rem; }
  .rows .event { grid-column: 1; grid-row: 1; }
  .rows .mark { grid-column: 2; grid-row: 1; justify-self: end; }
  .rows .where { grid-column: 1; grid-row: 2; font-size: .9rem; }
  .rows .when { grid-column: 2; grid-row: 2; font-size: .9rem; }
  .rows .when time { display: none; }
  .rows .why { grid-column: 1 / 3; }
  .rows form { grid-column: 1 / 3; grid-row: auto; margin-top: .4rem; }
  .rows form button { width: 100%; min-height: 2.8rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd + dt { margin-top: .6rem; }
  input, select, button { min-height: 2.8rem; }
  pre { font-size: .8rem; padding: .8rem; }
}
@media (prefers-reduced-motion: no-preference) { a, button { transition: color .12s, border-color .12s; } }
"""
