"""The pictures of README and docs: pages of a plan.xlsx as they are printed.

    python -m benchmarks.pictures outputs/rare_earth_magnets/base
    python -m benchmarks.pictures outputs/tutorial/base

Needs LibreOffice (soffice), poppler (pdftotext, pdftoppm) and Pillow. Writes docs/pictures/*.png.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import click
from PIL import Image, ImageChops

from lodestone.plan.run_files import read_run
from lodestone.report.plan.workbook import write_plan_workbook

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PAGES = {  # workbook -> file -> what the page says
    "rare_earth_magnets.xlsx": {
        "first_page.png": "Look next",
        "timeline.png": "What is built when",
        "supply.png": "Supply of magnet_ht by origin",
    },
    "tutorial.xlsx": {"start_first_page.png": "Look next", "start_timeline.png": "What is built when"},
}
PIXELS_PER_INCH, COLOURS, MARGIN, FOOT = 90, 200, 12, 0.9  # the foot of a page is cut off


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
def main(run: Path) -> None:
    """Draw the pictures that the plan of this run has."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "plan.xlsx"
        plan = read_run(run)
        write_plan_workbook(plan, book)
        subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, str(book)], check=True)
        pdf = book.with_suffix(".pdf")
        text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True)
        pages = text.stdout.split("\f")
        for name, words in PAGES[plan.workbook].items():
            number = next(n for n, page in enumerate(pages, 1) if words in page)
            _draw(pdf, number, PICTURES / name)


def _draw(pdf: Path, page: int, picture: Path) -> None:
    """The page without its margins, in few colours."""
    place = pdf.with_name("page")
    only = ["-singlefile", "-f", str(page), "-l", str(page)]
    subprocess.run(["pdftoppm", "-png", "-r", str(PIXELS_PER_INCH), *only, str(pdf), str(place)], check=True)
    image = Image.open(place.with_suffix(".png")).convert("RGB")
    image = image.crop((0, 0, image.width, int(image.height * FOOT)))
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox() or (0, 0, *image.size)
    left, top, right, bottom = box
    image = image.crop((max(left - MARGIN, 0), max(top - MARGIN, 0), right + MARGIN, bottom + MARGIN))
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main()
