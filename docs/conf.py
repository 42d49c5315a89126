"""The docs as a site: `python -m sphinx -W docs site`. Sphinx reads the Markdown through MyST."""

from lodestone import __version__

project = "Lodestone"
author = copyright = "Lodestone contributors"
release = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3  # so that pages can link to headings
highlight_language = "none"  # blocks without a language are commands and formulas
html_theme = "furo"
html_title = f"Lodestone {release}"
html_copy_source = False
