#include "framework/eval/html_page.h"

namespace kinegraph {

const char* const kPageStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #5c6675; --paper: #ffffff;
  --panel: #f5f7fa; --line: #d9dee6; --accent: #0072b2; --bar: #cfe4f3; --steps: #86bde0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --quiet: #9aa5b4; --paper: #14181e;
  --panel: #1d232b; --line: #343c47; --accent: #56b4e9; --bar: #1f4560; --steps: #3d7297; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 70rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, "Helvetica Neue", Helvetica, Arial, sans-serif; }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.8rem 0 0.9rem; padding-bottom: 0.3rem; font-size: 1.2rem;
  border-bottom: 1px solid var(--line); }
p { margin: 0.5rem 0; }
a { color: var(--accent); }
.quiet, figcaption { color: var(--quiet); }
.notice { padding: 0.6rem 0.9rem; border-left: 4px solid var(--accent); background: var(--panel); }
.tiles { display: flex; flex-wrap: wrap; gap: 0.8rem; margin: 1.5rem 0 1rem; }
.tile { flex: 1 1 9rem; padding: 0.8rem 1rem; border-radius: 8px; background: var(--panel); }
.tile::first-letter { text-transform: uppercase; }
.tile b { display: block; font-size: 1.7rem; font-weight: 600; line-height: 1.25; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.figures { display: flex; flex-wrap: wrap; justify-content: space-evenly; gap: 2rem 1rem; }
figure { flex: 0 1 auto; max-width: 100%; margin: 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: 0.3rem; font-size: 0.87rem; text-align: center; }
svg [font-family] { font-family: inherit; }
svg [fill="black"] { fill: var(--ink); }
svg [stroke="black"] { stroke: var(--ink); }
svg [stroke="rgb(  0, 114, 178)"] { stroke: var(--accent); }
svg [stroke="rgb(134, 189, 224)"] { stroke: var(--steps); }
svg [stroke="rgb(208, 208, 208)"] { stroke: var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.93rem; font-variant-numeric: tabular-nums; }
table.wide { width: 100%; }
th, td { padding: 0.32rem 0.8rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; overflow-wrap: normal; }
th.number, td.number { text-align: right; white-space: nowrap; }
td.bar { background: linear-gradient(var(--bar), var(--bar)) no-repeat left 0 top 0.35rem /
  var(--share) 1.4em; }
th button { all: unset; cursor: pointer; }
th button:hover, th button:focus-visible { color: var(--accent); }
th button::after { content: "\2195"; margin-left: 0.3em; opacity: 0.45; }
th[aria-sort=ascending] button::after { content: "\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\2193"; opacity: 1; }
pre { margin: 0.6rem 0 0; padding: 0.9rem 1rem; overflow-x: auto; border-radius: 8px;
  background: var(--panel); font-size: 0.83rem; line-height: 1.45; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
code { font-size: 0.87em; overflow-wrap: anywhere; }
summary { cursor: pointer; }
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #444; --paper: #fff; --panel: #f3f3f3;
    --line: #ccc; --accent: #0072b2; --bar: #dbe9f4; --steps: #86bde0; }
  body { padding: 0; max-width: none; font-size: 10pt; print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  th button::after { display: none; }
  h2 { break-after: avoid; }
  figure, tr, .tile { break-inside: avoid; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
)css";

const char* const kPageScript = R"js(
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => head.firstElementChild.addEventListener('click', () => {
    const sign = head.ariaSort === 'ascending' ? -1 : 1;
    const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const compare = (a, b) => value(a).localeCompare(value(b), undefined, {numeric: true});
    const number = row => parseFloat(value(row));
    const isNumber = head.classList.contains('number');
    const order = (a, b) => isNumber ? (number(a) - number(b)) || 0 : compare(a, b);
    heads.forEach(other => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
    body.append(...[...body.rows].sort((a, b) => sign * order(a, b)));
  }));
}
)js";

}  // namespace kinegraph
