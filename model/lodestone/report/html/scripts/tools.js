// What every other part uses: the data of the page, elements, words and numbers, groups of rows, colours. Text of
// workbooks is put on the page as text, never as HTML.

const DATA = JSON.parse(document.getElementById("data").textContent);
const C = DATA.colours;
const OTHERS = "others";

const el = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};
// Plotly reads some HTML in its texts
const esc = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
// A name in lines of at most so many letters, broken behind blanks and dashes where it can be: nothing is left out of it,
// unless it has more than MOST_LINES.
const MOST_LINES = 5;
const short = (text, most = 26) => {
  const lines = [[]];
  for (const word of String(text).split(/(?<=[ _/+-])/)) {
    const letters = Array.from(word);
    if (lines[lines.length - 1].length && lines[lines.length - 1].length + letters.length > most) lines.push([]);
    for (const letter of letters) {
      if (lines[lines.length - 1].length === most) lines.push([]);
      lines[lines.length - 1].push(letter);
    }
  }
  const told = lines.slice(0, MOST_LINES).map((line) => esc(line.join("")));
  return told.join("<br>") + (lines.length > MOST_LINES ? "…" : "");
};
const number = (value, digits = 0) => value.toLocaleString("en-US", { maximumFractionDigits: digits });
const tonnes = (value) => `${number(value, Math.abs(value) < 10 ? 2 : 0)} t`;
const musd = (value) => `${number(value, Math.abs(value) < 10 ? 2 : 1)} MUSD`;
const percent = (value) => `${number(100 * value, 1)}%`;
const sum = (values) => values.reduce((a, b) => a + b, 0);
const unique = (values) => [...new Set(values)];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const known = new WeakMap(); // table -> its rows as objects
const rowsOf = (table) => {
  const named = (row) => Object.fromEntries(table.columns.map((column, j) => [column.name, row[j]]));
  if (!known.has(table)) known.set(table, table.rows.map(named));
  return known.get(table);
};
const grouped = (rows, key) => {
  const groups = new Map();
  for (const row of rows) {
    const name = key(row);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return groups;
};
const largest = (rows, name, size, most) => {
  const sizes = [...grouped(rows, name)].map(([key, own]) => [key, sum(own.map(size))]);
  const ranked = sizes.filter(([, t]) => t > 0).sort((a, b) => b[1] - a[1]).map(([key]) => key);
  return ranked.length > most ? ranked.slice(0, most - 1) : ranked;
};
const mix = (a, b, part) => {
  const parse = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const [from, to] = [parse(a), parse(b)];
  return `rgb(${from.map((v, i) => Math.round(v + part * (to[i] - v))).join(",")})`;
};
const exposure = (share) => (share < 0.5 ? mix(C.clean, C.middle, 2 * share) : mix(C.middle, C.exposed, 2 * share - 1));
const see_through = (colour, alpha) => {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},${alpha})`;
};
