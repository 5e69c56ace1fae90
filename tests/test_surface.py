"""The public surface: the same names everywhere, each importable, none shadowed by a module, none costly to import."""

import ast
import doctest
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
PACKAGES = {"features": 25, "training": 34, "serving": 32}  # how many names each has: a new one is added on purpose
HEAVY = {"numpy", "pandas", "duckdb", "ibis", "sklearn", "lightgbm", "mlflow", "sqlalchemy", "pydantic", "matplotlib"}

each_package = pytest.mark.parametrize("package", PACKAGES)


def names_for_the_type_checker(package: str) -> dict[str, str]:
    """Name → module, as the package imports them where a type checker reads."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {alias.name: str(node.module) for node in block.body for alias in node.names}


def names_in_the_page(package: str) -> list[str]:
    section = PAGE.split(f"### `{package}`\n")[1].split("\n### ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@each_package
def test_the_same_names_are_exported_typed_listed_and_documented(package):
    module = importlib.import_module(package)
    typed = names_for_the_type_checker(package)
    assert len(module.__all__) == len(set(module.__all__)) == PACKAGES[package]
    assert set(module.__all__) == set(typed)
    assert names_in_the_page(package) == module.__all__
    assert set(module.__all__) <= set(dir(module))
    for name, home in typed.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)


@each_package
def test_no_name_is_a_submodule(package):
    module = importlib.import_module(package)
    assert not {found.name for found in pkgutil.iter_modules(module.__path__)} & set(module.__all__)


def test_an_unknown_name_is_an_attribute_error():
    import serving

    with pytest.raises(AttributeError, match="module 'serving' has no attribute 'nothing'"):
        serving.nothing  # noqa: B018


def test_importing_the_packages_imports_nothing_heavy():
    script = f"import sys, {', '.join(PACKAGES)}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.partition(".")[0] in PACKAGES}
    assert ours == {*PACKAGES, "features.lazy_names"}


def blocks(text):
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.usefixtures("without_pictures")
def test_the_examples_of_the_page_run(tmp_path, monkeypatch, template):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(template / "mlruns", tmp_path / "my-shop" / "mlruns")  # what a first run would make in seconds
    first, *examples = blocks(PAGE)
    globs, runner = {}, doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for text in examples:
        test = doctest.DocTestParser().get_doctest(text, globs, "docs/python.md", None, None)
        runner.run(test, clear_globs=False)
        globs = test.globs
    assert runner.summarize(verbose=False).failed == 0
    exec(first.replace('"my-shop"', '"my-shop/orders.csv"').replace("train_and_judge(shop)", ""), globs)
    assert globs["table"].equals(globs["scores"])
