"""What the document allows and what it forbids, by the thousand, against a server on a port."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.read_back import current_list

FEW, MANY = (2, 20), (30, 600)  # examples of each operation, and the most seconds of all of them
EXAMPLES = int(os.environ.get("REGULARS_FUZZ_EXAMPLES", str(MANY[0])))
SECONDS = int(os.environ.get("REGULARS_FUZZ_SECONDS", str(MANY[1])))
# What a document cannot say is no failure: a day must be in the past, an entry must be of a list (422 to what fits its
# schema), and JSON has no schema for "written as a number" in a query.
LEFT_OUT = "positive_data_acceptance"


def with_known(document: dict[str, Any], known: list[str]) -> dict[str, Any]:
    """Return the document with ids of the shop where any id may stand, so that requests meet customers."""
    text = json.dumps(document)
    an_id = json.dumps(document["components"]["schemas"]["Outcome"]["properties"]["entry_id"])
    assert an_id in text
    either = json.dumps({"anyOf": [{"type": "string", "enum": known}, json.loads(an_id)]})
    # Ten thousand rows at once are tested once, elsewhere; here they would take the place of everything else.
    text = re.sub(r'"maxItems": \d{4,}, |, "maxItems": \d{4,}', "", text.replace(an_id, either))
    assert "maxItems" not in text
    found: dict[str, Any] = json.loads(text)
    for operation in found["paths"]["/v1/customers/{customer_id}"].values():
        operation["parameters"][0]["schema"] = {"anyOf": [{"type": "string", "enum": known}, json.loads(an_id)]}
    return found


@pytest.mark.slow
def test_the_server_keeps_to_its_document(live: Any, tmp_path: Path, shop: Any) -> None:
    """No status that is not documented, no answer that does not fit, no 5xx, nothing without a key."""
    keeps_to_its_document(live, tmp_path, shop, *FEW)


@pytest.mark.slow
@pytest.mark.whole
def test_the_server_keeps_to_its_document_for_long(live: Any, tmp_path: Path, shop: Any) -> None:
    """The same with as many requests as one asks for."""
    keeps_to_its_document(live, tmp_path, shop, EXAMPLES, SECONDS)


def keeps_to_its_document(live: Any, tmp_path: Path, shop: Any, examples: int, seconds: int) -> None:
    document = httpx.get(f"{live.url}/docs.json", headers={"Authorization": f"Bearer {live.key}"}).json()
    entries = current_list(live.server.book).entries["entry_id"].tolist()
    known = [*map(str, shop.log.customer_ids[::10]), *entries[:5]]
    (tmp_path / "openapi.json").write_text(json.dumps(with_known(document, known)))
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(tmp_path / "openapi.json"), "--url", live.url,
               "--header", f"Authorization: Bearer {live.key}", "--checks", "all", "--exclude-checks", LEFT_OUT,
               "--max-examples", str(examples), "--seed", "1", "--continue-on-failure", "--warnings", "off",
               "--request-timeout", "60", "--max-response-time", "30", "--no-color",
               *(["--max-time", str(seconds)] if seconds else [])]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    said = done.stdout + done.stderr
    (Path(os.environ.get("REGULARS_FUZZ_REPORT") or tmp_path / "said.txt")).write_text(said)
    assert done.returncode == 0, said[-20_000:]
    assert re.search(r"\d+ generated", said), said[-3000:]
