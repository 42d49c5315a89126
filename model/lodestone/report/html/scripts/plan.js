// Drawings of one plan; the chain has a file of its own.

const MOST_REGIONS = 16, MOST_ORIGINS = 5, MOST_BARS = 60;

const planDrawings = {
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

  threats(rows) {
    const pairs = rows.filter((row) => row.one !== "");
    const names = unique(pairs.flatMap((row) => [row.one, row.other]));
    const cells = pairs.flatMap((row) => (row.one === row.other ? [row] : [row, { ...row, one: row.other, other: row.one }]));
    const axis = { type: "linear", tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name, 18)), range: [-0.6, names.length - 0.4], zeroline: false, fixedrange: true };
    return {
      data: cells.length ? [{
        type: "scatter", mode: "markers", x: cells.map((row) => names.indexOf(row.other)), y: cells.map((row) => names.indexOf(row.one)),
        marker: {
          symbol: "square", size: 20, color: cells.map((row) => row.short_t), cmin: 0, cmax: Math.max(...cells.map((row) => row.short_t), 1e-9),
          line: { width: cells.map((row) => (row.branch === "yes" ? 3 : 1)), color: cells.map((row) => (row.branch === "yes" ? css("--ink") : css("--rule"))) },
          colorscale: [[0, C.clean], [0.5, C.middle], [1, C.exposed]], colorbar: { title: { text: "t short", side: "top" }, thickness: 12, len: 0.6 },
        },
        hoverinfo: "text", hovertext: cells.map((row) => `${short(row.threats, 60)}<br>${tonnes(row.short_t)} short${row.binding ? `<br>${short(row.binding, 80)}` : ""}`),
      }] : [],
      layout: {
        xaxis: { ...axis, tickangle: -45, side: "top" }, yaxis: { ...axis, autorange: false, range: [names.length - 0.4, -0.6] },
        showlegend: false, margin: { l: 10, r: 10, t: 10, b: 10 },
      },
      height: Math.max(300, 160 + 30 * names.length), least: `${Math.max(340, 190 + 26 * names.length)}px`,
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

  origins(rows, context) {
    const series = [];
    for (const [name, stream, shades] of [["clean", "clean_t", C.clean_shades], ["exposed", "exposed_t", C.exposed_shades]]) {
      const kept = largest(rows, (row) => row.from_region, (row) => row[stream], MOST_ORIGINS);
      const groups = grouped(rows, (row) => (kept.includes(row.from_region) ? row.from_region : OTHERS));
      [...kept, OTHERS].forEach((origin, i) => {
        const points = byPeriod(groups.get(origin) || [], (row) => row[stream], context.view);
        series.push(periodBar(`${origin}, ${name}`, points, shades[Math.min(i, shades.length - 1)]));
      });
    }
    return stacked(series, perYear(context.view), rows, context.view);
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

  demand(rows, context) {
    const parts = [["clean", "clean_t", C.clean], ["exposed", "exposed_t", C.exposed], ["designed out", "substituted_t", C.substituted], ["short", "short_t", C.short]];
    return stacked(parts.map(([name, column, colour]) =>
      periodBar(name, byPeriod(rows, (row) => row[column], context.view), colour)), perYear(context.view), rows, context.view);
  },

  stocks(rows, { view }) {
    const own = [...rows].sort((a, b) => place(a, view) - place(b, view)), x = own.map((row) => place(row, view));
    const level = (name, value, colour) => ({
      ...bar(name, own, (row) => place(row, view), value, colour, (row) => `${name}: ${tonnes(value(row))}, ${when(row, view)}`),
      width: own.map((row) => 0.75 * part(row, view)),
    });
    const line = (name, column, colour, dash, axis, text) => ({
      type: "scatter", mode: dash ? "lines" : "lines+markers", name, x, y: own.map((row) => row[column]), yaxis: axis, connectgaps: false,
      line: { color: colour, width: 2.5, dash: dash ? "dash" : "solid" }, hoverinfo: "text",
      hovertext: own.map((row) => (row[column] === null ? "" : `${name}: ${text(row[column])}, ${when(row, view)}`)),
    });
    const days = (value) => (value === 1 ? "1 day" : `${number(value, 1)} days`);
    const data = [level("clean", (row) => row.stock_t - row.exposed_t, C.clean), level("exposed", (row) => row.exposed_t, C.exposed)];
    if (own.some((row) => row.required_t)) data.push(line("asked for", "required_t", css("--ink"), true, "y", tonnes));
    data.push(line("days of cover", "days_of_cover", C.payers.public, false, "y2", days));
    if (own.some((row) => row.required_days !== null)) data.push(line("days asked for", "required_days", css("--ink"), true, "y2", days));
    return {
      data,
      layout: {
        barmode: "stack", bargap: 0.25, xaxis: { ...yearAxis(rows, view), anchor: "y2" },
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
};
