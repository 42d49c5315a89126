"use strict";
// Draws every figure from the rows of the table behind it. Text of workbooks is put on the page as text, never as HTML.

(() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const C = DATA.colours;
  const MOST_REGIONS = 16, MOST_ORIGINS = 5, MOST_ROWS = 500, MOST_BARS = 60, MOST_CASES = 20;
  const OTHERS = "others";
  const state = { sides: [0], year: null, choice: {} };
  const panels = []; // { figure, side, box } of what is on the page

  // --- small tools --------------------------------------------------------------------------------------------------

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
  const short = (text, most = 26) => {
    const letters = Array.from(String(text));
    return esc(letters.length > most ? letters.slice(0, most - 1).join("") + "…" : String(text));
  };
  const number = (value, digits = 0) => value.toLocaleString("en-US", { maximumFractionDigits: digits });
  const tonnes = (value) => `${number(value, Math.abs(value) < 10 ? 2 : 0)} t`;
  const musd = (value) => `${number(value, Math.abs(value) < 10 ? 2 : 1)} MUSD`;
  const percent = (value) => `${number(100 * value, 1)}%`;
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const unique = (values) => [...new Set(values)];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const objects = (table) =>
    table.rows.map((row) => Object.fromEntries(table.columns.map((column, j) => [column.name, row[j]])));
  const memo = new WeakMap();
  const rowsOf = (table) => {
    if (!memo.has(table)) memo.set(table, objects(table));
    return memo.get(table);
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

  // --- drawings: rows -> { data, layout, height, least } --------------------------------------------------------------

  const yearAxis = (rows, name = "year") => {
    const years = unique(rows.map((row) => row[name]));
    const step = Math.ceil((Math.max(...years) - Math.min(...years) + 1) / 10);
    return { type: "linear", dtick: step, tick0: Math.min(...years), tickformat: "d", zeroline: false, showgrid: false };
  };
  const bar = (name, rows, x, y, colour, hover) => ({
    type: "bar", name: short(name), x: rows.map(x), y: rows.map(y), marker: { color: colour },
    hoverinfo: "text", hovertext: rows.map((row) => esc(hover(row))),
  });
  const byYear = (rows, value) =>
    [...grouped(rows, (row) => row.year)].map(([year, own]) => ({ year, value: sum(own.map(value)) }));
  const stacked = (series, axis, rows) => {
    const data = series.filter((trace) => trace.y.some((y) => Math.abs(y) > 1e-9));
    const ends = [1, -1].map((sign) => {
      const totals = new Map();
      for (const trace of data) trace.y.forEach((y, i) => y * sign > 0 && totals.set(trace.x[i], (totals.get(trace.x[i]) || 0) + y));
      return [...totals.values()];
    });
    return {
      data, height: 380, span: [Math.min(0, ...ends[1]), Math.max(0, ...ends[0])],
      layout: { barmode: "relative", bargap: 0.25, xaxis: yearAxis(rows), yaxis: { title: { text: axis }, rangemode: "tozero" } },
    };
  };

  const drawings = {
    sankey(rows, context) {
      const titles = context.view.stages[rows[0].mineral].filter((title) =>
        context.allYears.some((row) => row.from_stage === title || row.to_stage === title));
      const { columns, all, ways } = sankeyGraph(rows, titles);
      const years = context.peers.flatMap((peer) => [...grouped(peer, (row) => row.year).values()].map((own) => sankeyGraph(own, titles)));
      const most = Math.max(...years.flatMap((graph) => graph.columns.map((column) => column.length)));
      const height = Math.max(440, 36 * most + 60), top = 44, inside = height - top - 10, gap = 17;
      const scale = Math.min(...years.map((graph) => sankeyFit(graph, inside, gap))), theirs = scale * heaviest(all);
      sankeyOrder(columns, scale, inside, gap);
      all.forEach((n, i) => (n.index = i));
      const share = (n) => (n.size ? Math.max(n.in[1], n.out[1]) / n.size : 0);
      const parts = ([clean, exposed]) => `${tonnes(clean + exposed)}${exposed > 0 ? ` (${tonnes(exposed)} exposed)` : ""}`;
      const about = (n) => [
        `<b>${short(n.label, 60)}</b>, ${short(n.stage, 60)}`,
        sum(n.in) ? `takes ${parts(n.in)}` : "", sum(n.out) ? `gives ${parts(n.out)}` : "",
      ].filter(Boolean).join("<br>");
      const column = (i) => (titles.length > 1 ? i / (titles.length - 1) : 0.5);
      return {
        data: [{
          type: "sankey", arrangement: "fixed", domain: { x: [0, 1], y: [1 - theirs / inside, 1] }, valueformat: ",.0f", valuesuffix: " t",
          node: {
            label: all.map((n) => short(n.label)), x: all.map((n) => Math.min(Math.max(column(n.at), 0.008), 0.992)),
            y: all.map((n) => n.middle / theirs), pad: 0, thickness: 14, align: "left",
            color: all.map((n) => exposure(share(n))), line: { width: 0 },
            customdata: all.map(about), hovertemplate: "%{customdata}<extra></extra>",
          },
          link: {
            source: ways.map((way) => way.a.index), target: ways.map((way) => way.b.index), value: ways.map((way) => way.t),
            color: ways.map((way) => see_through(way.k ? C.exposed : C.clean, 0.45)),
            customdata: ways.map((way) =>
              `${short(way.a.label, 60)} to ${short(way.b.label, 60)}, ${way.k ? "exposed" : "clean"}<br>` +
              [...way.materials].map(([material, t]) => `${short(material, 60)} ${tonnes(t)}`).join("<br>")),
            hovertemplate: "%{customdata}<extra></extra>",
          },
        }],
        layout: {
          margin: { l: 6, r: 6, t: top, b: 10 },
          annotations: titles.map((title, i) => ({
            text: `<b>${short(title)}</b>`, x: column(i), y: 1, xref: "paper", yref: "paper", yanchor: "bottom", yshift: 12,
            xanchor: i === 0 ? "left" : i === titles.length - 1 ? "right" : "center", showarrow: false,
          })),
        },
        height, least: `${Math.max(560, 150 * titles.length)}px`,
      };
    },

    matrix(rows, context) {
      const t = (row) => row.clean_t + row.exposed_t;
      const pick = (name) => {
        const kept = new Set(largest(context.allYears, (row) => row[name], t, MOST_REGIONS));
        const names = unique(context.allYears.filter((row) => t(row) > 0).map((row) => (kept.has(row[name]) ? row[name] : OTHERS)));
        return names.sort((a, b) => (a === OTHERS) - (b === OTHERS) || a.localeCompare(b));
      };
      const from = pick("from_region"), to = pick("to_region");
      const place = (names, name) => (names.includes(name) ? names.indexOf(name) : names.indexOf(OTHERS));
      const cells = grouped(rows.filter((row) => t(row) > 0), (row) => `${place(from, row.from_region)} ${place(to, row.to_region)}`);
      const dots = [...cells].map(([key, own]) => {
        const [i, j] = key.split(" ").map(Number);
        return { i, j, t: sum(own.map(t)), exposed: sum(own.map((row) => row.exposed_t)) };
      });
      const most = Math.max(...[...grouped(context.peers.flat(), (r) => `${r.from_region}\u0000${r.to_region}\u0000${r.year}`).values()].map((own) => sum(own.map(t))), 1e-9);
      const axis = (names, title) => ({
        type: "linear", tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name, 18)),
        range: [-0.6, names.length - 0.4], title: { text: title }, zeroline: false, fixedrange: true,
      });
      return {
        data: [{
          type: "scatter", mode: "markers", x: dots.map((dot) => dot.j), y: dots.map((dot) => dot.i),
          marker: {
            size: dots.map((dot) => 5 + 25 * Math.sqrt(Math.min(dot.t / most, 1))), opacity: 0.9,
            color: dots.map((dot) => dot.exposed / dot.t), cmin: 0, cmax: 1, line: { width: 1, color: css("--page") },
            colorscale: [[0, C.clean], [0.5, C.middle], [1, C.exposed]],
            colorbar: { title: { text: "exposed", side: "top" }, tickformat: ".0%", thickness: 12, len: 0.6, tickvals: [0, 0.5, 1] },
          },
          hoverinfo: "text",
          hovertext: dots.map((dot) => `${short(from[dot.i], 60)} to ${short(to[dot.j], 60)}<br>${tonnes(dot.t)}, ${percent(dot.exposed / dot.t)} exposed`),
        }],
        layout: {
          xaxis: { ...axis(to, "to"), tickangle: -45, side: "top" },
          yaxis: { ...axis(from, "from"), autorange: false, range: [from.length - 0.4, -0.6] },
          showlegend: false, margin: { l: 10, r: 10, t: 10, b: 10 },
        },
        height: Math.max(300, 160 + 30 * from.length), least: `${Math.max(340, 190 + 26 * to.length)}px`,
      };
    },

    gantt(rows, context) {
      const shown = rows.slice(0, MOST_BARS), end = Math.max(...context.view.years) + 1;
      const colour = { "build, public": C.payers.public, "build, private": C.payers.buyers, guarantee: C.middle, sign: C.payers.shortage };
      const draw = (kind, waiting) => {
        const own = shown.map((row, i) => ({ ...row, i })).filter((row) => row.kind === kind);
        const from = (row) => (waiting ? row.decided : row.from);
        const until = (row) => Math.min(waiting ? row.from : row.to + 1, end);
        const some = own.filter((row) => until(row) > from(row));
        return {
          type: "bar", orientation: "h", name: kind, legendgroup: kind, showlegend: !waiting, base: some.map(from),
          x: some.map((row) => until(row) - from(row)), y: some.map((row) => row.i), width: waiting ? 0.18 : 0.72,
          marker: { color: colour[kind] }, hoverinfo: "text",
          hovertext: some.map((row) => `${short(row.what, 60)}: ${kind}<br>decided ${row.decided}, from ${row.from} to ${row.to}`),
        };
      };
      const kinds = unique(shown.map((row) => row.kind));
      return {
        data: kinds.flatMap((kind) => [draw(kind, true), draw(kind, false)]).filter((trace) => trace.x.length),
        layout: {
          barmode: "overlay",
          xaxis: { range: [context.view.years[0], end], dtick: Math.ceil(context.view.years.length / 10), tick0: context.view.years[0], tickformat: "d", side: "top", zeroline: false },
          yaxis: {
            tickmode: "array", tickvals: shown.map((_, i) => i), ticktext: shown.map((row) => short(row.what, 24)),
            range: [shown.length - 0.4, -0.6], zeroline: false, showgrid: false,
          },
        },
        height: 110 + 22 * shown.length,
        note: rows.length > MOST_BARS ? `The first ${MOST_BARS} of ${rows.length} are drawn; the table has all.` : "",
      };
    },

    origins(rows) {
      const series = [];
      for (const [name, stream, shades] of [["clean", "clean_t", C.clean_shades], ["exposed", "exposed_t", C.exposed_shades]]) {
        const kept = largest(rows, (row) => row.from_region, (row) => row[stream], MOST_ORIGINS);
        const groups = grouped(rows, (row) => (kept.includes(row.from_region) ? row.from_region : OTHERS));
        [...kept, OTHERS].forEach((origin, i) => {
          const points = byYear(groups.get(origin) || [], (row) => row[stream]);
          const label = `${origin}, ${name}`;
          series.push(bar(label, points, (p) => p.year, (p) => p.value, shades[Math.min(i, shades.length - 1)],
            (p) => `${label}: ${tonnes(p.value)}, ${p.year}`));
        });
      }
      return stacked(series, "t", rows);
    },

    shares(rows) {
      const own = [...rows].sort((a, b) => a.year - b.year);
      const line = (name, column, colour, dash) => ({
        type: "scatter", mode: dash ? "lines" : "lines+markers", name, x: own.map((row) => row.year), y: own.map((row) => row[column]),
        line: { color: colour, width: 3, dash: dash ? "dash" : "solid" }, hoverinfo: "text",
        hovertext: own.map((row) => `${name} ${percent(row[column])}, ${row.year}<br>${tonnes(row.exposed_t)} of ${tonnes(row.consumption_t)}`),
      });
      return {
        data: [line("exposed share", "share", C.exposed, false), line("cap", "limit", css("--ink"), true)],
        layout: { xaxis: yearAxis(rows), yaxis: { tickformat: ".0%", range: [0, 1.04], title: { text: "of consumption" } } }, height: 340,
      };
    },

    demand(rows) {
      const parts = [["clean", "clean_t", C.clean], ["exposed", "exposed_t", C.exposed], ["designed out", "substituted_t", C.substituted], ["short", "short_t", C.short]];
      return stacked(parts.map(([name, column, colour]) =>
        bar(name, byYear(rows, (row) => row[column]), (p) => p.year, (p) => p.value, colour, (p) => `${name}: ${tonnes(p.value)}, ${p.year}`)), "t", rows);
    },

    stocks(rows) {
      const own = [...rows].sort((a, b) => a.year - b.year), x = own.map((row) => row.year);
      const level = (name, value, colour) => bar(name, own, (row) => row.year, value, colour, (row) => `${name}: ${tonnes(value(row))}, ${row.year}`);
      const line = (name, column, colour, dash, axis, text) => ({
        type: "scatter", mode: dash ? "lines" : "lines+markers", name, x, y: own.map((row) => row[column]), yaxis: axis, connectgaps: false,
        line: { color: colour, width: 2.5, dash: dash ? "dash" : "solid" }, hoverinfo: "text",
        hovertext: own.map((row) => (row[column] === null ? "" : `${name}: ${text(row[column])}, ${row.year}`)),
      });
      const days = (value) => `${number(value, 1)} days`;
      const data = [level("clean", (row) => row.stock_t - row.exposed_t, C.clean), level("exposed", (row) => row.exposed_t, C.exposed)];
      if (own.some((row) => row.required_t)) data.push(line("asked for", "required_t", css("--ink"), true, "y", tonnes));
      data.push(line("days of cover", "days_of_cover", C.payers.public, false, "y2", days));
      if (own.some((row) => row.required_days !== null)) data.push(line("days asked for", "required_days", css("--ink"), true, "y2", days));
      return {
        data,
        layout: {
          barmode: "stack", bargap: 0.25, xaxis: { ...yearAxis(rows), anchor: "y2" },
          yaxis: { domain: [0.46, 1], title: { text: "t" }, rangemode: "tozero" },
          yaxis2: { domain: [0, 0.36], title: { text: "days" }, rangemode: "tozero" },
        },
        height: 460,
      };
    },

    payers(rows) {
      const groups = grouped(rows, (row) => row.payer);
      return stacked(Object.entries(C.payers).flatMap(([payer, colour]) => {
        const own = groups.get(payer) || [];
        // credits and costs apart, so that neither hides the other
        return [1, -1].map((sign) => {
          const points = byYear(own, (row) => (row.musd * sign > 0 ? row.musd : 0));
          const name = sign > 0 ? payer : `${payer}, credits`;
          const trace = bar(name, points, (p) => p.year, (p) => p.value, colour, (p) => `${name}: ${musd(p.value)}, ${p.year}`);
          return { ...trace, marker: { ...trace.marker, opacity: sign > 0 ? 1 : 0.55 } };
        });
      }), "MUSD", rows);
    },

    terms(rows) {
      const terms = [...grouped(rows, (row) => row.term)].map(([term, own]) => ({ term, payer: own[0].payer, value: sum(own.map((row) => row.discounted_musd)) }));
      const shown = terms.filter((item) => Math.abs(item.value) >= 0.005).sort((a, b) => b.value - a.value).map((item, i) => ({ ...item, i }));
      return bars(Object.entries(C.payers).map(([payer, colour]) => [payer, colour, shown.filter((item) => item.payer === payer)]), shown.map((item) => item.term));
    },

    // --- studies ---------------------------------------------------------------------------------------------------

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

    sweep(rows, context) {
      const varied = context.table.columns.filter((column) => column.unit === "any").map((column) => column.name);
      const x = varied[0], others = varied.slice(1);
      const found = rows.filter((row) => typeof row.objective_musd === "number");
      const numeric = found.every((row) => typeof row[x] === "number");
      const names = unique(found.map((row) => String(row[x])));
      const groups = [...grouped(found, (row) => others.map((name) => `${name} ${row[name]}`).join(", "))];
      return {
        data: groups.slice(0, 14).map(([name, own], i) => ({
          type: "scatter", mode: numeric ? "lines+markers" : "markers", name: short(name || "least cost", 40),
          x: own.map((row) => (numeric ? row[x] : names.indexOf(String(row[x])))), y: own.map((row) => row.objective_musd),
          line: { color: C.series[i % C.series.length], dash: i < C.series.length ? "solid" : "dot" }, marker: { size: 9, color: C.series[i % C.series.length] },
          hoverinfo: "text", hovertext: own.map((row) => `${short(x, 60)} ${short(row[x], 40)}: ${musd(row.objective_musd)}`),
        })),
        layout: {
          xaxis: numeric ? { title: { text: short(x, 60) } } : { title: { text: short(x, 60) }, tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name)) },
          yaxis: { title: { text: "MUSD, discounted" } }, showlegend: others.length > 0,
        },
        height: 400, note: groups.length > 14 ? `14 of ${groups.length} combinations are drawn; the table has all.` : "",
      };
    },

    compare(rows) {
      const first = rows.length ? rows[0].run : "";
      const terms = [...grouped(rows, (row) => row.term)].filter(([, own]) => own.some((row) => Math.abs(row.more_musd) >= 0.005));
      const items = terms.flatMap(([, own], i) => own.filter((row) => row.run !== first).map((row) => ({ i, run: row.run, value: row.more_musd })));
      return bars(byRun(items), terms.map(([term]) => term));
    },
  };

  const byRun = (items) => {
    return [...grouped(items, (item) => item.run)].map(([run, own], i) => [run, C.series[i % C.series.length], own]);
  };
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

  function sankeyGraph(rows, titles) {
    const nodes = new Map(), links = new Map();
    const node = (stage, label) => {
      const key = `${stage}\u0000${label}`;
      if (!nodes.has(key)) nodes.set(key, { at: titles.indexOf(stage), label, stage, in: [0, 0], out: [0, 0], before: [], after: [] });
      return nodes.get(key);
    };
    for (const row of rows) {
      const a = node(row.from_stage, row.from), b = node(row.to_stage, row.to);
      [row.clean_t, row.exposed_t].forEach((t, k) => {
        if (t <= 0) return;
        a.out[k] += t;
        b.in[k] += t;
        const key = [row.from_stage, row.from, row.to_stage, row.to, k].join("\u0000");
        if (!links.has(key)) links.set(key, { a, b, k, t: 0, materials: new Map() });
        const link = links.get(key);
        link.t += t;
        link.materials.set(row.material, (link.materials.get(row.material) || 0) + t);
      });
    }
    const all = [...nodes.values()], ways = [...links.values()];
    for (const way of ways) {
      way.a.after.push([way.b, way.t]);
      way.b.before.push([way.a, way.t]);
    }
    for (const n of all) n.size = Math.max(sum(n.in), sum(n.out));
    return { all, ways, columns: unique(all.map((n) => n.at)).sort((a, b) => a - b).map((at) => all.filter((n) => n.at === at)) };
  }

  const weight = (column) => sum(column.map((n) => n.size));
  // Pixels for a tonne with which every column fits, ours and Plotly's.
  const sankeyFit = ({ columns, all }, inside, gap) =>
    Math.min(...columns.map((column) => (inside - (column.length - 1) * gap) / Math.max(weight(column), 1e-9)), inside / heaviest(all));

  // Plotly places nodes where it is told, but scales them so that the heaviest of columns of its own fills its height:
  // what feeds it, one after another. So it is given the height at which its scale is ours; places may lie outside.
  function heaviest(all) {
    const depth = new Map();
    const deep = (n) => {
      if (!depth.has(n)) depth.set(n, Math.max(0, ...n.before.map(([m]) => deep(m) + 1)));
      return depth.get(n);
    };
    return Math.max(...[...grouped(all, deep).values()].map(weight));
  }

  // Few crossings: each column in the order of the middles of what its nodes are linked with, to and fro.
  function sankeyOrder(columns, scale, inside, gap) {
    const place = (column) => {
      const free = inside - scale * sum(column.map((n) => n.size));
      const between = column.length > 1 ? Math.min(free / (column.length - 1), Math.max(gap, 0.5 * free / column.length)) : 0;
      let y = (free - between * (column.length - 1)) / 2;
      for (const n of column) {
        n.middle = y + (scale * n.size) / 2;
        y += scale * n.size + between;
      }
    };
    columns.forEach((column) => {
      column.sort((a, b) => b.size - a.size);
      place(column);
    });
    const pull = (n, links) => {
      const weight = sum(links.map(([, t]) => t));
      return weight ? sum(links.map(([m, t]) => m.middle * t)) / weight : n.middle;
    };
    for (let round = 0; round < 6; round += 1) {
      const forward = round % 2 === 0;
      for (const column of forward ? columns : [...columns].reverse()) {
        const wish = new Map(column.map((n) => [n, pull(n, forward ? n.before : n.after)]));
        column.sort((a, b) => wish.get(a) - wish.get(b));
        place(column);
      }
    }
  }

  // --- the page -----------------------------------------------------------------------------------------------------

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

  // One figure after another, each in the state of the moment; panels of one figure side by side get the same scale.
  async function redraw(only = () => true) {
    for (const same of grouped(panels.filter(only), (p) => p.figure).values()) {
      if (!same[0].picture.isConnected) return;
      const peers = same.map((p) => p.chosen());
      const drawn = same.map((p) => ({ picture: p.picture, drawing: p.draw(peers) })).filter((p) => p.drawing);
      const spans = drawn.map((p) => p.drawing.span).filter(Boolean);
      const low = Math.min(...spans.map(([a]) => a)), high = Math.max(...spans.map(([, b]) => b));
      for (const p of drawn) {
        if (spans.length > 1) p.drawing.layout.yaxis.range = [low * 1.05, high * 1.05 || 1];
        await show(p.picture, p.drawing);
      }
      await new Promise((resolve) => setTimeout(resolve)); // let the page answer in between
    }
    settled();
  }
  const settled = () => document.documentElement.setAttribute("data-settled", String(Number(document.documentElement.getAttribute("data-settled") || 0) + 1));

  function years() {
    const all = unique(state.sides.flatMap((i) => DATA.views[i].years)).sort((a, b) => a - b);
    if (!all.includes(state.year)) state.year = all[0];
    return all;
  }

  function slider() {
    const all = years();
    const input = el("input", { type: "range", id: "year", min: all[0], max: all[all.length - 1], step: 1, "aria-label": "Year" });
    input.value = String(state.year);
    const output = el("output", { for: "year", text: String(state.year) });
    input.addEventListener("input", () => {
      state.year = Number(input.value);
      output.textContent = input.value;
      redraw((p) => p.figure.yearly);
    });
    return el("div", { class: "year" }, el("label", {}, "Year", input, output));
  }

  function glance(view) {
    const tile = (item) => el("div", { class: item.alert ? "tile alert" : "tile" }, el("div", { class: "faint", text: item.label }), el("div", { class: "value", text: item.value }), el("div", { class: "faint", text: item.note }));
    const list = (part) => {
      const lines = (items) => el("ul", {}, ...items.map((text) => el("li", { text })));
      const box = el("div", { class: "tile" }, el("div", {}, el("b", { text: part.items.length ? `${part.heading}: ${part.items.length}` : part.heading })));
      if (!part.items.length) box.append(el("p", { text: part.empty }));
      else box.append(lines(part.items.slice(0, 4)));
      if (part.items.length > 4) box.append(el("details", {}, el("summary", { text: `${part.items.length - 4} more` }), lines(part.items.slice(4))));
      return box;
    };
    return el("div", { class: "panel" }, el("h3", { text: view.label }), el("p", { class: "faint", text: view.about }),
      ...view.glance.remarks.map((text) => el("p", { text })),
      el("div", { class: "tiles" }, ...view.glance.tiles.map(tile)), el("div", { class: "tiles" }, ...view.glance.lists.map(list)));
  }

  function build() {
    panels.forEach((p) => Plotly.purge(p.picture));
    panels.length = 0;
    const shown = state.sides.map((i) => DATA.views[i]);
    const sides = (make) => el("div", { class: shown.length > 1 ? "sides two" : "sides" }, ...shown.map((view) => {
      const box = make(view);
      if (shown.length > 1 && !box.querySelector("h3")) box.prepend(el("h3", { text: view.label }));
      return box;
    }));
    document.getElementById("glance").replaceChildren(sides(glance));
    const figures = document.getElementById("figures");
    figures.replaceChildren();
    let yearly = null;
    for (const figure of DATA.figures) {
      const section = el("section", { id: figure.key }, el("h2", { text: figure.title }), el("p", { class: "faint", text: figure.lead }));
      const choose = figure.choose.length ? chooser(figure, shown.map((view) => view.tables[figure.key]), () => redraw((p) => p.figure === figure)) : null;
      if (choose) section.append(choose);
      section.append(sides((view) => panel(figure, view.tables[figure.key], { view })));
      if (figure.yearly) {
        if (!yearly) {
          yearly = el("div", {}, slider());
          figures.append(yearly);
        }
        yearly.append(section);
      } else figures.append(section);
    }
    for (const study of DATA.studies) {
      figures.append(el("section", { class: "study" }, el("h2", { text: study.title }), el("p", { class: "faint", text: `${study.lead} (${study.file})` }), panel(study, study.table, {})));
    }
    return redraw();
  }

  function controls() {
    if (DATA.views.length < 2) return;
    const box = document.getElementById("controls");
    const options = (none) => [...(none ? [el("option", { value: "-1", text: "nothing" })] : []), ...DATA.views.map((view, i) => el("option", { value: String(i), text: view.label }))];
    const left = el("select", { id: "left" }, ...options(false)), right = el("select", { id: "right" }, ...options(true));
    const change = () => {
      state.sides = [Number(left.value), Number(right.value)].filter((i, k, both) => i >= 0 && both.indexOf(i) === k);
      build();
    };
    for (const select of [left, right]) select.addEventListener("change", change);
    const runs = new Set(DATA.views.map((view) => view.run));
    if (runs.size > 1) state.sides = [0, DATA.views.findIndex((view) => view.run !== DATA.views[0].run)];
    left.value = String(state.sides[0]);
    right.value = String(state.sides.length > 1 ? state.sides[1] : -1);
    box.append(el("label", {}, DATA.views.some((view) => view.future) ? "Run or future" : "Run", left), el("label", {}, "beside it", right));
    box.hidden = false;
  }

  // On paper: light, and as wide as the paper. At once, as the browser does not wait.
  function paper(on) {
    document.documentElement.classList.toggle("paper", on);
    for (const p of panels) {
      const drawing = p.draw([p.chosen()]);
      if (drawing) {
        Plotly.purge(p.picture);
        show(p.picture, drawing, { staticPlot: on }); // and nothing fades in
      }
    }
  }

  controls();
  build();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
})();
