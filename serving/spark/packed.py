"""A bundle as bytes, as it goes to Spark's workers; each worker verifies it and its probe before it scores anybody."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

from training.bundle import Bundle


def packed(bundle: Bundle) -> bytes:
    """Return the files of a bundle as one archive."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "bundle")
        bundle.save(folder)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
        return content.getvalue()


@lru_cache(maxsize=2)  # a worker lives on from one part to the next
def unpacked(content: bytes) -> Bundle:
    """Return the bundle of an archive, once a process.

    Raises:
        ModelRefused: it is corrupt, or this process computes its features otherwise than where it was trained.
    """
    with tempfile.TemporaryDirectory(prefix="regulars-bundle-") as scratch:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(scratch)
        return Bundle.load(Path(scratch))
