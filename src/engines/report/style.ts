/** Without the characters that HTML escapes, so that its digest is that of what stands in the page. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1f24; --quiet: #57606a; --paper: #ffffff; --line: #d8dee4; --bar: #2f6feb; --other: #b35900; --bad: #b42318; --warn: #8a5a00; --good: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9aa4af; --paper: #12161b; --line: #323a44; --bar: #6ea8fe; --other: #f0a45d; --bad: #ff8078; --warn: #e3b341; --good: #57d163; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0 .75rem; }
.quiet { color: var(--quiet); }
.id { font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding-bottom: .25rem; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td { white-space: nowrap; }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 12rem; }
.failed { color: var(--bad); font-weight: 600; }
.warned { color: var(--warn); font-weight: 600; }
.passed { color: var(--good); }
.columns { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.column { border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; min-width: 0; }
.column table { width: 100%; margin-top: .5rem; }
.column th, .column td { padding: .1rem .5rem .1rem 0; font-size: .9rem; }
svg { display: block; width: 100%; height: auto; }
.column svg { height: 5rem; margin-top: .5rem; fill: var(--bar); }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); margin: 1rem 0; }
figure { margin: 0; min-width: 0; max-width: 30rem; border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; }
figure p { font-size: .85rem; }
figure details { font-size: .8rem; color: var(--quiet); margin-top: .5rem; }
summary { cursor: pointer; }
pre { max-height: 14rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: 4px; padding: .5rem; margin: .5rem 0 0; }
.verdict { font-size: 1.05rem; }
.ends { display: flex; justify-content: space-between; gap: 1rem; color: var(--quiet); font-size: .8rem; }
`;
