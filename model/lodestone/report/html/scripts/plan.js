// Drawings of one plan; the chain has a file of its own.

const MOST_REGIONS = 16, MOST_ORIGINS = 5, MOST_BARS = 60, MOST_ARCS = 60;
const GIANT = 6; // times as long as the next bar

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

  // Plate carrée, drawn by ourselves: Plotly's own maps fetch their outlines from the network.
  map(rows, context) {
    const t = (row) => row.clean_t + row.exposed_t, at = DATA.world.places;
    const lanes = (some) => [...grouped(some.filter((row) => t(row) > 0 && row.from_region !== row.to_region && at[row.from_region] && at[row.to_region]),
      (row) => `${row.from_region}\u0000${row.to_region}\u0000${row.year}`).values()]
      .map((own) => ({ from: own[0].from_region, to: own[0].to_region, t: sum(own.map(t)), exposed: sum(own.map((row) => row.exposed_t)) }));
    const arcs = lanes(rows).sort((a, b) => b.t - a.t).slice(0, MOST_ARCS);
    if (!arcs.length) return { data: [] };
    const most = Math.max(...lanes(context.peers.flat()).map((arc) => arc.t), 1e-9);
    const names = unique(context.peers.flat().flatMap((row) => [row.from_region, row.to_region])).filter((name) => at[name]);
    const ends = (axis) => [Math.min(...names.map((name) => at[name][axis])), Math.max(...names.map((name) => at[name][axis]))];
    const bent = (arc, part) => { // a curve to the left of the straight way, so that there and back lie apart
      const [a, b] = [at[arc.from], at[arc.to]], middle = [(a[0] + b[0]) / 2 - (b[1] - a[1]) * 0.18, (a[1] + b[1]) / 2 + (b[0] - a[0]) * 0.18];
      return [0, 1].map((k) => (1 - part) ** 2 * a[k] + 2 * part * (1 - part) * middle[k] + part ** 2 * b[k]);
    };
    const curve = [...Array(21).keys()].map((i) => i / 20);
    const said = (arc) => `${short(arc.from, 60)} to ${short(arc.to, 60)}<br>${tonnes(arc.t)}, ${percent(arc.exposed / arc.t)} exposed`;
    const heads = arcs.map((arc) => ({ tip: bent(arc, 0.62), before: bent(arc, 0.58), arc }));
    const land = DATA.world.outlines.flatMap((line) => [...line, [null, null]]);
    const [west, east] = ends(0), [south, north] = ends(1);
    return {
      data: [
        { type: "scatter", mode: "lines", x: land.map((point) => point[0]), y: land.map((point) => point[1]), line: { width: 0.7, color: css("--faint") }, opacity: 0.6, hoverinfo: "skip" },
        ...arcs.map((arc) => ({
          type: "scatter", mode: "lines", x: curve.map((part) => bent(arc, part)[0]), y: curve.map((part) => bent(arc, part)[1]),
          line: { width: 1 + 9 * Math.sqrt(Math.min(arc.t / most, 1)), color: exposure(arc.exposed / arc.t) }, opacity: 0.75, hoverinfo: "skip",
        })),
        {
          type: "scatter", mode: "markers", x: heads.map((head) => head.tip[0]), y: heads.map((head) => head.tip[1]), hoverinfo: "text", hovertext: heads.map((head) => said(head.arc)),
          marker: {
            symbol: "triangle-up", size: heads.map((head) => 7 + 9 * Math.sqrt(Math.min(head.arc.t / most, 1))), color: heads.map((head) => exposure(head.arc.exposed / head.arc.t)),
            angle: heads.map((head) => (Math.atan2(head.tip[0] - head.before[0], 1.2 * (head.tip[1] - head.before[1])) * 180) / Math.PI), line: { width: 1, color: css("--page") },
          },
        },
        {
          type: "scatter", mode: "markers+text", x: names.map((name) => at[name][0]), y: names.map((name) => at[name][1]), text: names.map((name) => short(name)), textposition: "bottom center",
          textfont: { size: 10 }, marker: { size: 5, color: css("--ink") }, hoverinfo: "skip",
        },
      ],
      layout: {
        xaxis: { range: [west - 22, east + 22], visible: false }, yaxis: { range: [south - 12, north + 16], visible: false, scaleanchor: "x", scaleratio: 1.2, constrain: "domain" },
        showlegend: false, margin: { l: 4, r: 4, t: 4, b: 4 },
      },
      height: Math.max(220, Math.min(420, (700 * (north - south + 28)) / (east - west + 44))), least: "480px",
    };
  },

  losses(rows) {
    const shown = rows.slice(0, MOST_BARS).map((row, i) => ({ ...row, i, value: row.discounted_musd }));
    return bars([["loss", C.payers.shortage, shown]], shown.map((row) => `${row.sector} in ${row.region}, ${row.material}`));
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
    const some = terms.filter((item) => Math.abs(item.value) >= 0.005), size = (item) => Math.abs(item.value);
    const ranked = [...some].sort((a, b) => size(b) - size(a));
    const giants = ranked.slice(0, [2, 1].find((n) => ranked[n] && size(ranked[n - 1]) >= GIANT * size(ranked[n])) || 0);
    const shown = some.filter((item) => !giants.includes(item)).sort((a, b) => b.value - a.value).map((item, i) => ({ ...item, i }));
    const drawn = bars(Object.entries(C.payers).map(([payer, colour]) => [payer, colour, shown.filter((item) => item.payer === payer)]), shown.map((item) => item.term));
    return { ...drawn, note: giants.length ? `Not drawn, as the others could not be seen beside it: ${giants.map((item) => `${item.term} ${musd(item.value)}`).join(", ")}.` : "" };
  },
};
