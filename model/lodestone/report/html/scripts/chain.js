// The chain in tonnes: a Sankey whose nodes are placed here, in the order in which few links cross.

const drawChain = (rows, context) => {
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
};

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
