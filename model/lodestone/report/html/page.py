"""The page itself: one file that asks the network for nothing, written whole or not at all.

All text of workbooks travels as JSON in an element that browsers do not run, with `<`, `>`, `&` and the line separators
of Unicode as escapes, and is put on the page as text. The policy of the page (Content-Security-Policy) allows the two
scripts by their hashes, and no request at all: Plotly, and our own, which is the files of `scripts` one after another
in one function, each using what those before it declare.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from lodestone import __version__
from lodestone.errors import UsageError
from lodestone.plan.labels import labelled, together
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import finite
from lodestone.plan.run_files import starts_with
from lodestone.plan.shapes import Json
from lodestone.plan.tables import Document
from lodestone.report.excel import colours
from lodestone.report.html.studies import Study, figures
from lodestone.report.html.views import figures_of, views
from lodestone.report.studies.study_files import not_ours, refuse_runs, write_files

REPORT_HTML = "report.html"
START = "<!doctype html>\n<!-- lodestone report"  # of every page
SCRIPTS = ("tools", "drawings", "chain", "plan", "studies", "panels", "page")  # in this order
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def check_out(out: Path) -> Path:
    """The page that --out means; a folder gets report.html. Raises UsageError when it is not to be replaced."""
    path = out / REPORT_HTML if out.is_dir() or not out.suffix else out
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out} is no name for a page; end it in .html, or name a folder")
    refuse_runs(path)
    if path.exists() and not starts_with(path, START):
        raise not_ours(path, "report")
    return path


def write_report(runs: Mapping[str, Plan], studies: Sequence[Study], out: Path = Path(REPORT_HTML)) -> Path:
    """Write the page of these runs (by the names they go by) and studies; returns its path."""
    path = check_out(out)
    text = page(runs, studies)

    def write(new: Path) -> None:
        new.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")

    (place,) = write_files(path, {path.suffix: write})
    return place


def page(runs: Mapping[str, Plan], studies: Sequence[Study] = ()) -> str:
    """The text of the page, in the names that people read."""
    labels = together(runs.values())
    runs, studies = {name: labelled(plan) for name, plan in runs.items()}, [labels.shown(study) for study in studies]
    shown = views(runs)
    data = {
        "views": shown,
        "figures": [
            {
                "key": f.key,
                "title": f.title,
                "lead": f.lead,
                "drawing": f.drawing,
                "choose": f.choose,
                "yearly": f.yearly,
                "rows_of": f.rows_of or f.key,
            }
            for f in figures_of(runs)
        ],
        "world": ground(shown),
        "studies": [{**f.as_json(), "file": study.path.name} for study in studies for f in figures(study)],
        "colours": {name.lower(): value for name, value in vars(colours).items() if name.isupper()},
    }
    titles = list(dict.fromkeys(view["plan_name"] for view in shown))
    plotly, own = _script(get_plotlyjs()), _script(_own_script())
    policy = (
        f"default-src 'none'; script-src '{_hash(plotly)}' '{_hash(own)}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _part("page.html").format(
        start=START,
        version=escape(__version__),
        policy=escape(policy),
        title=escape(" / ".join(titles)),
        style=_part("page.css"),
        data=safe_json(data),
        plotly=plotly,
        own=own,
    )


def ground(shown: Sequence[Document]) -> Document:
    """What the map of flows lies on; nothing where fewer than two regions are countries."""
    from lodestone.report.html.world import EDGE, outlines, places

    flows = [view["tables"]["flows"] for view in shown]
    where = places(name for table in flows for row in table["rows"] for name in row[1:3])
    if sum(north != EDGE for _, north in where.values()) < 2:
        return {"places": {}, "outlines": []}
    return {"places": where, "outlines": outlines()}


def safe_json(data: Json) -> str:
    """JSON that ends no element and begins no comment, wherever it stands in a page."""
    text = json.dumps(finite(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, instead in UNSAFE.items():
        text = text.replace(character, instead)
    return text


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _own_script() -> str:
    parts = "\n".join(_part(f"scripts/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _script(text: str) -> str:
    """As a browser reads it, which is what its hash is of; what would end the element can stand in texts only."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"
