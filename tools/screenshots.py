"""Takes pictures of the pages as the demo's people see them: in every language, on a desk and on a phone.

    python -m tools.screenshots [--demo FOLDER]

FOLDER is of a shop that `regulars demo` made; it is copied, served on this machine alone, and looked at with the
system's Chromium. All pictures go to `docs/pictures/`. Those that a document shows are versioned, and `taken_of.json`
says what each of them was taken of: a digest of its template, the styles and, in another language, the wordings of its
texts there. A test compares. Figures and customers may change without a new picture: they are the demo's.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment
from jinja2.meta import find_referenced_templates

from features.atomic_write import whole
from features.language.languages import ENGLISH, LANGUAGES, Language, language_named
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.config import load_settings
from serving.pages.app import page_routes
from serving.worker_environment import HOST_VARIABLE
from tools.catalogues import in_template, read

ROOT = Path(__file__).resolve().parents[1]
PICTURES, PAGES = ROOT / "docs" / "pictures", ROOT / "serving" / "pages"
TAKEN_OF = PICTURES / "taken_of.json"
WIDTHS = {1280: 860, 390: 844}  # pixels, width → height
SHARPNESS, QUALITY = 2, 80  # pixels of the picture per pixel of the page; of WebP, in hundredths
LONGEST_SECONDS = 120.0
HERE = "127.0.0.1"
# Chromium takes no picture of a page that has no frame yet.
PAINTED = (
    "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
)
OF_A_DEMO = ("regulars.toml", "book.db", ".regulars", "demo", "mlruns")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
STYLE = re.compile(r"""static\("([a-z]+\.css)"\)""")  # as a template names a stylesheet that it links
SHOWN = re.compile(r"pictures/([a-z]+)-([a-z]{2})-(\d+)\.webp")


@dataclass(frozen=True)
class Page:
    """A page that is taken.

    Args:
        name: of its pictures.
        template: below the templates of the pages.
        path: below `/pages/`; `{entry}` and `{customer}` are those of the list's first row.
    """

    name: str
    template: str
    path: str


@dataclass(frozen=True)
class Picture:
    """One picture of a page, in a language and a width in pixels."""

    page: Page
    language: Language
    width: int

    @property
    def file(self) -> Path:
        """Where it lies."""
        return PICTURES / f"{self.page.name}-{self.language.code}-{self.width}.webp"


TAKEN = {
    each.name: each
    for each in (
        Page("list", "my_list.html.jinja", ""),
        Page("entry", "entry.html.jinja", "{entry}"),
        Page("customer", "customer.html.jinja", "{customer}"),
        Page("right", "reports/right.html.jinja", "right"),
        Page("pays", "reports/pays.html.jinja", "pays"),
        Page("owners", "desk.html.jinja", "desk"),
    )
}


def main() -> None:
    """Take every picture, and note what those that a document shows were taken of."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT, help="where `regulars demo` was run")
    PICTURES.mkdir(exist_ok=True)
    with served(parser.parse_args().demo) as address:
        for picture in taken(address):
            print(f"{picture.file.name:24} {picture.file.stat().st_size / 1_000:6.0f} kB")
    noted = {each.file.name: digest_of(each) for each in shown()}
    TAKEN_OF.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")


def shown() -> list[Picture]:
    """Return the pictures that README and documents show, by name."""
    documents = (ROOT / "README.md", *ROOT.glob("docs/*.md"))
    found = {match for each in documents for match in SHOWN.findall(each.read_text(encoding="utf-8"))}
    return [Picture(TAKEN[name], language_named(code), int(width)) for name, code, width in sorted(found)]


def digest_of(picture: Picture) -> str:
    """Return what a picture was taken of, in short: its templates, their styles, and their wordings in its language."""
    templates = _with_what_it_takes(picture.page.template)
    texts = [(PAGES / "templates" / each).read_text(encoding="utf-8") for each in templates]
    linked = sorted({name for text in texts for name in STYLE.findall(text)})
    styles = [(PAGES / "static" / name).read_text(encoding="utf-8") for name in linked]
    said = _wordings(picture.language, templates)
    return sha256("\0".join([*texts, *styles, *said]).encode()).hexdigest()[:16]


def _with_what_it_takes(template: str) -> list[str]:
    """Return a template with all that it extends, imports and includes, each once."""
    found: list[str] = []
    waiting = [template]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            text = (PAGES / "templates" / name).read_text(encoding="utf-8")
            waiting += sorted(filter(None, find_referenced_templates(Environment(autoescape=True).parse(text))))
    return sorted(found)


def _wordings(language: Language, templates: list[str]) -> list[str]:
    """Return how a language says what templates say; nothing in English, whose wordings stand in the templates."""
    if language == ENGLISH:
        return []
    known = read(language.code)
    sources = ((PAGES / "templates" / each).read_bytes() for each in templates)
    said = (message for source in sources for message in in_template(source, ""))
    found = (known.get(message.text, message.context) for message in said)
    return sorted(str(entry.string) for entry in found if entry is not None)


@contextmanager
def served(demo: Path) -> Iterator[str]:
    """Serve a copy of a demo on a port of this machine, and give the address of its pages: looking is recorded."""
    with tempfile.TemporaryDirectory() as name, socket.create_server((HERE, 0)) as listening:
        server = _opened(demo, Path(name))
        app = create_app(server, pages=page_routes(server))
        running = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://{HERE}:{listening.getsockname()[1]}/pages/"
        finally:
            running.should_exit = True
            thread.join()
            server.close()


def _opened(demo: Path, folder: Path) -> ServerState:
    if not (demo / "book.db").exists():
        sys.exit(f"there is no demo in {demo}: regulars demo makes one")
    for name in OF_A_DEMO:
        of = demo / name
        (shutil.copytree if of.is_dir() else shutil.copy)(of, folder / name)
    os.environ[HOST_VARIABLE] = HERE  # as `regulars serve` says it: on this machine alone the pages need no link
    server = ServerState(load_settings(folder / "regulars.toml"))
    server.open()
    return server


def taken(address: str) -> Iterator[Picture]:
    """Take every picture, and yield each once it is written."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("no Chromium is installed: apt-get install chromium fonts-noto-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        paths = _paths(browser.new_page(), address)
        for language in LANGUAGES:
            for width, height in WIDTHS.items():
                page = browser.new_page(
                    locale=language.html_lang,
                    viewport={"width": width, "height": height},
                    device_scale_factor=SHARPNESS,
                )
                for each in TAKEN.values():
                    picture = Picture(each, language, width)
                    _look(page, f"{address}{paths[each.name]}")
                    _write(page, picture.file)
                    yield picture
                page.close()
        browser.close()


def _paths(page: Any, address: str) -> dict[str, str]:
    """Return where each page is, for the first row of the list."""
    page.goto(address)
    entry = page.locator("a.open").first.get_attribute("href").partition("/pages/")[2].partition("?")[0]
    page.goto(f"{address}{entry}")
    customer = page.locator("a[href*='/customers/']").first.get_attribute("href").partition("/pages/")[2]
    page.close()
    return {each.name: each.path.format(entry=entry, customer=customer) for each in TAKEN.values()}


def _look(page: Any, address: str) -> None:
    """Open a page, and again while it still counts its figures."""
    last = time.monotonic() + LONGEST_SECONDS
    while (answer := page.goto(address)).status == 202 and time.monotonic() < last:
        page.wait_for_timeout(1_000)
    if answer.status != 200:
        sys.exit(f"{answer.url} answers {answer.status}")
    page.evaluate(PAINTED)


def _write(page: Any, file: Path) -> None:
    """Write what is seen as WebP, which Playwright's own pictures cannot be."""
    session = page.context.new_cdp_session(page)
    found = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    with whole(file) as half:
        half.write_bytes(base64.b64decode(found["data"]))
    session.detach()


if __name__ == "__main__":
    main()
