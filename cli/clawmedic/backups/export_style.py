"""The style sheet of an exported conversation: light, dark, and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1d2430; --dim: #5d6778; --line: #e3e7ee;
  --user: #eef4ff; --user-edge: #3d6fd6; --tool: #f6f7f9;
  --warn: #9a3c06; --warn-ground: #fff6ed; --mark: #6941c6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151b; --ink: #e6e9ef; --dim: #98a2b3; --line: #2a303b;
    --user: #17233d; --user-edge: #6c95ef; --tool: #191d25;
    --warn: #f7b27a; --warn-ground: #2c2016; --mark: #a48afb;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
dl {
  display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem;
  margin: 0 0 2rem; font-size: .9rem;
}
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
article { padding: .8rem 1rem; margin: .8rem 0; border-radius: .6rem; border: 1px solid var(--line); }
article > header {
  display: flex; gap: .75rem; justify-content: space-between; flex-wrap: wrap;
  font-size: .82rem; color: var(--dim);
}
article > header b { color: var(--ink); font-weight: 600; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin-top: .35rem; }
.user { background: var(--user); border-color: transparent; border-left: .25rem solid var(--user-edge); }
.tool, .note, .broken { background: var(--tool); font-size: .9rem; }
.system { border-style: dashed; }
.compaction, .reset {
  border: 0; border-radius: 0;
  border-top: 2px solid var(--mark); border-bottom: 2px solid var(--mark);
}
.compaction > header b, .reset > header b { color: var(--mark); }
.branch { opacity: .6; }
.failure {
  margin-top: .5rem; padding: .4rem .7rem; border-radius: .4rem;
  color: var(--warn); background: var(--warn-ground); overflow-wrap: anywhere;
}
details { margin-top: .5rem; }
summary { cursor: pointer; color: var(--dim); font-size: .88rem; }
pre {
  margin: .4rem 0 0; padding: .7rem; border-radius: .4rem;
  background: var(--tool); border: 1px solid var(--line);
  white-space: pre-wrap; overflow-wrap: anywhere;
  font: .82rem/1.45 ui-monospace, "Cascadia Mono", Menlo, monospace;
}
footer { margin-top: 3rem; color: var(--dim); font-size: .8rem; }
@media print {
  :root {
    color-scheme: light;
    --ground: #fff; --ink: #000; --dim: #444; --line: #bbb; --user: #f2f2f2; --user-edge: #444;
    --tool: #f7f7f7; --warn: #000; --warn-ground: #f2f2f2; --mark: #444;
  }
  @page { margin: 18mm 16mm; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  article > header { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; }
}
"""
