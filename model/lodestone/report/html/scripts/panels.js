// A panel: one figure of one view, with its picture, its table and both as files; and what is chosen in a figure.

const MOST_ROWS = 500; // of a table on the page; the CSV has all
const drawings = { sankey: drawChain, ...planDrawings, ...studyDrawings };
const state = { sides: [0], year: null, choice: {} };
const panels = []; // { figure, chosen, draw, picture } of what is on the page

const CONFIG = {
  responsive: true, displaylogo: false, displayModeBar: false, plotlyServerURL: "", showTips: false, scrollZoom: false, doubleClick: false,
};

function show(picture, drawn, config = {}) {
  const ink = css("--ink"), axis = { separatethousands: true, exponentformat: "none", gridcolor: css("--rule"), linecolor: css("--rule"), automargin: true, fixedrange: true, zerolinecolor: css("--rule") };
  const { xaxis, yaxis, yaxis2, ...rest } = drawn.layout;
  const layout = {
    font: { family: 'system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif', size: 12, color: ink },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 10, r: 14, t: 14, b: 10 }, dragmode: false, hovermode: "closest",
    showlegend: true, height: drawn.height, xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis },
    hoverlabel: { bgcolor: css("--card"), bordercolor: css("--rule"), font: { color: ink } },
    ...rest,
    legend: { orientation: "h", x: 0, xanchor: "left", y: -(xaxis && xaxis.title ? 70 : 46) / drawn.height, yanchor: "top", traceorder: "normal" },
  };
  if (drawn.data.length && drawn.data[0].type === "sankey") {
    delete layout.xaxis;
    delete layout.yaxis;
  }
  if (yaxis2) layout.yaxis2 = { ...axis, ...yaxis2 };
  picture.style.height = `${drawn.height}px`;
  picture.parentElement.style.setProperty("--least", drawn.least || "0");
  return Plotly.react(picture, drawn.data, layout, { ...CONFIG, ...config });
}

const cell = (value, column) => {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (column.unit === "share") return percent(value);
  if (["t", "t/yr", "MUSD", "USD/kg", "days"].includes(column.unit)) return number(value, 2);
  return String(value);
};
function csv(table) {
  const quote = (text) => `"${text.replace(/"/g, '""')}"`;
  const field = (value, column) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(column.unit === "share" ? Number((100 * value).toPrecision(12)) : value);
    const text = String(value);
    return quote(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text); // no formula in a spreadsheet
  };
  const lines = [table.columns.map((column) => quote(column.title)), ...table.rows.map((row) => row.map((value, j) => field(value, table.columns[j])))];
  return `\uFEFF${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}
function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
function fillTable(box, table, drawn) {
  const numeric = table.columns.map((column) => column.unit !== "");
  const head = el("tr", {}, ...table.columns.map((column, j) => el("th", { scope: "col", text: column.title, ...(numeric[j] ? { class: "number" } : {}) })));
  const body = drawn.slice(0, MOST_ROWS).map((row) =>
    el("tr", {}, ...row.map((value, j) => el("td", { text: cell(value, table.columns[j]), ...(numeric[j] ? { class: "number" } : {}) }))));
  const shown = Math.min(drawn.length, MOST_ROWS);
  const note = shown === table.rows.length ? `All ${number(shown)} rows.` : `${number(shown)} of ${number(table.rows.length)} rows${shown === drawn.length ? ", as drawn" : ""}; the CSV has all.`;
  box.replaceChildren(el("p", { class: "faint", text: note }), el("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "Table" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body))));
}

const values = (figure, row) => figure.choose.map((name) => row[name]).join("\u0000");

function panel(figure, table, context) {
  const picture = el("div", { class: "picture", role: "img", "aria-label": `${figure.title}; the table below has the numbers` });
  const note = el("p", { class: "faint" });
  const inner = el("div");
  const details = el("details", {}, el("summary", { text: "Table" }), inner);
  const button = el("button", { type: "button", class: "csv", text: "Table as CSV" });
  const image = el("button", { type: "button", text: "Picture as SVG" });
  const name = [figure.key || figure.drawing, context.view ? context.view.label : figure.file].join("-").replace(/[^\w.-]+/g, "_");
  button.addEventListener("click", () => download(`${name}.csv`, csv(table)));
  image.addEventListener("click", () => Plotly.downloadImage(picture, { format: "svg", filename: name, width: picture.clientWidth, height: picture.clientHeight }));
  details.addEventListener("toggle", () => details.open && refill());
  const holder = el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": figure.title }, picture);
  const box = el("div", { class: "panel" }, holder, note, details, el("div", { class: "downloads" }, button, image));
  const everything = rowsOf(table);
  let drawn = [];
  const refill = () => fillTable(inner, table, drawn);
  const chosen = () => {
    const wanted = state.choice[figure.key];
    return everything.filter((row) => !figure.choose || !figure.choose.length || values(figure, row) === wanted);
  };
  const draw = (peers) => {
    const allYears = chosen();
    const rows = figure.yearly ? allYears.filter((row) => row.year === state.year) : allYears;
    const kept = new Set(rows);
    drawn = table.rows.filter((_, i) => kept.has(everything[i]));
    if (details.open) refill();
    const drawing = rows.length ? drawings[figure.drawing](rows, { ...context, allYears, peers, table }) : { data: [] };
    const nothing = !drawing.data.length;
    holder.hidden = image.hidden = nothing;
    note.textContent = drawing.note || (nothing ? `Nothing ${figure.yearly ? `in ${state.year}` : "to draw"}.` : "");
    if (nothing) Plotly.purge(picture);
    return nothing ? null : drawing;
  };
  panels.push({ figure, chosen, draw, picture });
  return box;
}

function chooser(figure, tables, after) {
  const found = new Map();
  for (const table of tables) for (const row of rowsOf(table)) found.set(values(figure, row), figure.choose.map((name) => row[name]));
  const keys = [...found.keys()];
  if (!keys.includes(state.choice[figure.key])) state.choice[figure.key] = keys[0];
  if (keys.length < 2) return null;
  const select = el("select", {}, ...keys.map((key, i) => el("option", { value: String(i), text: found.get(key).filter((part) => part !== "").join(" · ") || "(no name)" })));
  select.value = String(keys.indexOf(state.choice[figure.key]));
  select.addEventListener("change", () => {
    state.choice[figure.key] = keys[Number(select.value)];
    after();
  });
  const label = figure.choose[0];
  return el("label", { class: "choose" }, `${label[0].toUpperCase()}${label.slice(1)}`, select);
}
