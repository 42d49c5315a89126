// What drawings share. A drawing makes, of the rows of a figure's table, { data, layout } for Plotly and height in
// pixels; where needed also least (the CSS width below which a picture scrolls), span (of the y axis, which is made the
// same for figures side by side) and note (a sentence below the picture).

// A year stands around its number; of a year that is cut (view.periods: its months) each period has its part of that.
const months = (row, view) => (view && view.periods[row.year]) || 12;
const part = (row, view) => months(row, view) / 12;
const place = (row, view) => (months(row, view) === 12 ? row.year : row.year - 0.5 + (row.month - 1) / 12 + part(row, view) / 2);
const when = (row, view) => (months(row, view) === 12 ? `${row.year}` : `${row.year}-${String(row.month).padStart(2, "0")}`);
const yearAxis = (rows, view, name = "year") => {
  const years = unique(rows.map((row) => row[name]));
  const step = Math.ceil((Math.max(...years) - Math.min(...years) + 1) / 10);
  const ticks = new Map(rows.map((row) => [place(row, view), when(row, view)]));
  if (view && years.some((year) => view.periods[year]) && rows.every((row) => "month" in row) && ticks.size <= 40) {
    return { type: "linear", tickmode: "array", tickvals: [...ticks.keys()], ticktext: [...ticks.values()], tickangle: -45, zeroline: false, showgrid: false };
  }
  return { type: "linear", dtick: step, tick0: Math.min(...years), tickformat: "d", zeroline: false, showgrid: false };
};
const bar = (name, rows, x, y, colour, hover) => ({
  type: "bar", name: short(name), x: rows.map(x), y: rows.map(y), marker: { color: colour },
  hoverinfo: "text", hovertext: rows.map((row) => esc(hover(row))),
});
const byYear = (rows, value) =>
  [...grouped(rows, (row) => row.year)].map(([year, own]) => ({ year, value: sum(own.map(value)) }));
// Amounts of each year or period; rate: per year, so that a quarter and a year can stand side by side.
const byPeriod = (rows, value, view) => [...grouped(rows, (row) => when(row, view))].map(([label, own]) => {
  const amount = sum(own.map(value));
  return { label, at: place(own[0], view), width: 0.75 * part(own[0], view), amount, rate: amount / part(own[0], view) };
});
const periodBar = (name, points, colour) => ({
  ...bar(name, points, (p) => p.at, (p) => p.rate, colour, (p) => `${name}: ${tonnes(p.amount)}, ${p.label}`), width: points.map((p) => p.width),
});
const perYear = (view) => (view && Object.keys(view.periods).length ? "t/yr" : "t");
const stacked = (series, axis, rows, view) => {
  const data = series.filter((trace) => trace.y.some((y) => Math.abs(y) > 1e-9));
  const ends = [1, -1].map((sign) => {
    const totals = new Map();
    for (const trace of data) trace.y.forEach((y, i) => y * sign > 0 && totals.set(trace.x[i], (totals.get(trace.x[i]) || 0) + y));
    return [...totals.values()];
  });
  return {
    data, height: 380, span: [Math.min(0, ...ends[1]), Math.max(0, ...ends[0])],
    layout: { barmode: "relative", bargap: 0.25, xaxis: yearAxis(rows, view), yaxis: { title: { text: axis }, rangemode: "tozero" } },
  };
};

const byRun = (items) => [...grouped(items, (item) => item.run)].map(([run, own], i) => [run, C.series[i % C.series.length], own]);
const bars = (series, names) => ({
  data: series.filter(([, , own]) => own.length).map(([name, colour, own]) => ({
    type: "bar", orientation: "h", name: short(name, 40), x: own.map((item) => item.value), y: own.map((item) => item.i), marker: { color: colour },
    hoverinfo: "text", hovertext: own.map((item) => `${short(names[item.i], 60)}, ${short(name, 40)}: ${musd(item.value)}`),
  })),
  layout: {
    barmode: series.every(([, , own], k) => series.slice(k + 1).every(([, , more]) => !own.some((a) => more.some((b) => a.i === b.i)))) ? "overlay" : "group",
    xaxis: { title: { text: "MUSD" } },
    yaxis: { tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name, 30)), range: [names.length - 0.4, -0.6], zeroline: false, showgrid: false },
  },
  height: 130 + 28 * Math.max(names.length, 2),
});
