// Drawings of studies: frontier, stress tests and regret, tornado, sweep, comparison.

const MOST_CASES = 20, MOST_COMBINATIONS = 14;

const studyDrawings = {
  frontier(rows) {
    const found = rows.filter((row) => row.cost_musd !== null), missing = rows.filter((row) => row.cost_musd === null);
    const knees = found.filter((row) => row.builds_change), proved = found.filter((row) => row.proved_musd !== null);
    const hover = (row) => `${percent(row.allowed)} allowed: ${musd(row.cost_musd)}${row.builds_change ? `<br>${short(row.builds_change, 90)}` : ""}`;
    const low = found.length ? Math.min(...found.map((row) => row.cost_musd)) : 0;
    const ends = [Math.max(...rows.map((row) => row.allowed)), Math.min(...rows.map((row) => row.allowed))], room = 0.03 * (ends[0] - ends[1]) || 0.03;
    const data = [
      { type: "scatter", mode: "lines", x: proved.map((row) => row.allowed), y: proved.map((row) => row.proved_musd), line: { width: 0 }, hoverinfo: "skip", showlegend: false },
      { type: "scatter", mode: "lines+markers", name: "least cost", x: found.map((row) => row.allowed), y: found.map((row) => row.cost_musd), fill: "tonexty",
        fillcolor: see_through(C.payers.buyers, 0.25), line: { color: C.payers.public, width: 3 }, marker: { size: 7 }, hoverinfo: "text", hovertext: found.map(hover) },
      { type: "scatter", mode: "markers", name: "builds change", x: knees.map((row) => row.allowed), y: knees.map((row) => row.cost_musd), marker: { size: 12, color: C.exposed }, hoverinfo: "text", hovertext: knees.map(hover) },
      { type: "scatter", mode: "markers", name: "no plan", x: missing.map((row) => row.allowed), y: missing.map(() => low), marker: { symbol: "x", size: 10, color: css("--faint") }, hoverinfo: "text", hovertext: missing.map((row) => short(row.no_plan_because, 90)) },
    ];
    return { data: data.filter((trace) => trace.x.length), layout: { xaxis: { tickformat: ".0%", range: [ends[0] + room, ends[1] - room], title: { text: "allowed" } }, yaxis: { title: { text: "MUSD, discounted" } } }, height: 420 };
  },

  stress(rows) {
    const cases = [...grouped(rows.filter((row) => row.extra_cost_musd !== null), (row) => `${row.case}: ${row.name}`)]
      .map(([name, own]) => ({ name, own, worst: Math.max(...own.map((row) => row.extra_cost_musd)) }))
      .sort((a, b) => b.worst - a.worst).slice(0, MOST_CASES);
    const items = cases.flatMap((item, i) => item.own.map((row) => ({ i, run: row.run, value: row.extra_cost_musd })));
    return bars(byRun(items), cases.map((item) => item.name));
  },

  regret(rows) {
    const runs = unique(rows.map((row) => row.run)), futures = unique(rows.map((row) => row.future));
    const cells = runs.map((run) => futures.map((future) => (rows.find((row) => row.run === run && row.future === future) || {}).regret_musd ?? null));
    const axis = (names) => ({ type: "linear", tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name, 18)), zeroline: false, showgrid: false });
    return {
      data: [{
        type: "heatmap", z: cells, x: futures.map((_, i) => i), y: runs.map((_, i) => i), xgap: 2, ygap: 2, zmin: 0, colorscale: [[0, css("--card")], [1, C.exposed]],
        text: cells.map((row) => row.map((value) => (value === null ? "" : number(value, 1)))), texttemplate: "%{text}", hoverinfo: "text", showscale: false,
        hovertext: cells.map((row, i) => row.map((value, j) => `${short(runs[i], 60)} if ${short(futures[j], 60)}: ${value === null ? "no plan" : musd(value)}`)),
      }],
      layout: { xaxis: { ...axis(futures), side: "top", tickangle: futures.length > 4 ? -45 : 0 }, yaxis: { ...axis(runs), autorange: "reversed" } },
      height: 130 + 46 * runs.length, least: `${160 + 64 * futures.length}px`,
    };
  },

  tornado(rows) {
    const shown = rows.slice(0, MOST_CASES), names = shown.map((row) => row.name);
    const side = (name, key, colour) => ({
      type: "bar", orientation: "h", name, x: shown.map((row) => row[key]), y: shown.map((_, i) => i), marker: { color: colour },
      hoverinfo: "text", hovertext: shown.map((row) => `${short(row.name, 90)}<br>${short(row.finding, 160)}`),
    });
    const drawn = bars([], names), broken = shown.flatMap((row, i) => (row.lower_musd === null || row.higher_musd === null ? [i] : []));
    const crosses = {
      type: "scatter", mode: "markers", name: "no plan", x: broken.map(() => 0), y: broken, marker: { symbol: "x", size: 10, color: C.exposed },
      hoverinfo: "text", hovertext: broken.map((i) => short(shown[i].finding, 160)),
    };
    return {
      data: [side("lower", "lower_musd", C.payers.buyers), side("higher", "higher_musd", C.payers.public), ...(broken.length ? [crosses] : [])],
      layout: { ...drawn.layout, barmode: "overlay", yaxis: { ...drawn.layout.yaxis, ticktext: names.map((name) => short(name, 44)) } },
      height: drawn.height, note: rows.length > MOST_CASES ? `The first ${MOST_CASES} of ${rows.length} groups are drawn; the table has all.` : "",
    };
  },

  sweep(rows, context) {
    const varied = context.table.columns.filter((column) => column.unit === "any").map((column) => column.name);
    const x = varied[0], others = varied.slice(1);
    const found = rows.filter((row) => typeof row.objective_musd === "number");
    const numeric = found.every((row) => typeof row[x] === "number");
    const names = unique(found.map((row) => String(row[x])));
    const groups = [...grouped(found, (row) => others.map((name) => `${name} ${row[name]}`).join(", "))];
    return {
      data: groups.slice(0, MOST_COMBINATIONS).map(([name, own], i) => ({
        type: "scatter", mode: numeric ? "lines+markers" : "markers", name: short(name || "least cost", 40),
        x: own.map((row) => (numeric ? row[x] : names.indexOf(String(row[x])))), y: own.map((row) => row.objective_musd),
        line: { color: C.series[i % C.series.length], dash: i < C.series.length ? "solid" : "dot" }, marker: { size: 9, color: C.series[i % C.series.length] },
        hoverinfo: "text", hovertext: own.map((row) => `${short(x, 60)} ${short(row[x], 40)}: ${musd(row.objective_musd)}`),
      })),
      layout: {
        xaxis: numeric ? { title: { text: short(x, 60) } } : { title: { text: short(x, 60) }, tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name)) },
        yaxis: { title: { text: "MUSD, discounted" } }, showlegend: others.length > 0,
      },
      height: 400, note: groups.length > MOST_COMBINATIONS ? `${MOST_COMBINATIONS} of ${groups.length} combinations are drawn; the table has all.` : "",
    };
  },

  compare(rows) {
    const first = rows.length ? rows[0].run : "";
    const terms = [...grouped(rows, (row) => row.term)].filter(([, own]) => own.some((row) => Math.abs(row.more_musd) >= 0.005));
    const items = terms.flatMap(([, own], i) => own.filter((row) => row.run !== first).map((row) => ({ i, run: row.run, value: row.more_musd })));
    return bars(byRun(items), terms.map(([term]) => term));
  },
};
