// The page: which runs stand side by side, the year, all figures one after another, and paper.

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
  if (!all.includes(state.year)) state.year = DATA.views[state.sides[0]].busiest;
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
    const tables = shown.map((view) => view.tables[figure.rows_of]);
    if (tables.every((table) => !table.rows.length) || (figure.drawing === "map" && !DATA.world.outlines.length)) continue;
    const section = el("section", { id: figure.key }, el("h2", { text: figure.title }), el("p", { class: "faint", text: figure.lead }));
    const choose = figure.choose.length ? chooser(figure, tables, () => redraw((p) => p.figure === figure)) : null;
    if (choose) section.append(choose);
    section.append(sides((view) => panel(figure, view.tables[figure.rows_of], { view })));
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
