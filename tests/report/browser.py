"""A headless Chromium for tests of the page, and what it did: its console, and every request that it sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip
SECONDS = 60  # for a page to be drawn, on a busy machine


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Skips the test, and says why, where there is no Chromium or no driver of it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    server = shutil.which("chromedriver")
    if program is None or server is None:
        pytest.skip("no Chromium with its driver is installed (Debian: apt-get install chromium chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    downloads = folder / "downloads"
    for argument in (*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(server))
    try:
        yield Browser(driver, downloads)
    finally:
        driver.quit()


class Browser:
    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def open(self, page: Path) -> None:
        """Waits until it is drawn; a page that is open already stays as it is."""
        if self.driver.current_url != page.as_uri():
            self.driver.get(page.as_uri())
            self.settle(0)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def settled(self) -> int:
        return int(self.run("return document.documentElement.getAttribute('data-settled') || 0"))

    def settle(self, before: int) -> None:
        """Waits until the page has drawn again since it had settled `before` times."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, SECONDS, poll_frequency=0.05).until(lambda _: self.settled() > before)

    def change(self, selector: str, value: Any, event: str = "change") -> None:
        """Chooses a value as a person would, and waits for the pictures."""
        before = self.settled()
        self.run(
            "const e = document.querySelector(arguments[0]);"
            "e.value = arguments[1]; e.dispatchEvent(new Event(arguments[2]));",
            selector, str(value), event,
        )  # fmt: skip
        self.settle(before)

    def width(self, pixels: int) -> None:
        metrics = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def sankey(self, side: int = 0) -> list[tuple[str, str, float]]:
        """Links as Plotly drew them: from, to, t."""
        found = self.run(
            "const t = document.querySelectorAll('#chain .picture')[arguments[0]].data[0];"
            "return t.link.value.map((v, i) => [t.node.label[t.link.source[i]], t.node.label[t.link.target[i]], v]);",
            side,
        )
        return [(a, b, float(t)) for a, b, t in found]

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses asked for since the last call, but for those inside the page or the browser (its empty tab)."""
        sent = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                params = message["params"]
                sent.append(params["request"]["url"] if "request" in params else params["url"])
        return [url for url in sent if not url.startswith(("data:", "blob:", "chrome:"))]
