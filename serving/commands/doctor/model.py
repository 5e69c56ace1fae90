"""Whether the registry answers, a model serves, and that model proves that it computes what it was trained on."""

from __future__ import annotations

from collections.abc import Iterator

from features.errors import LostModels, MachineFault, RegularsError
from features.faults import faults_at
from features.language.messages import sentence
from serving.commands.doctor.finding import Examined, Finding
from serving.config import Settings
from serving.shop import check_agrees
from training.tracking import Tracking
from training.tracking.plain_reading import read_rows

REGISTRY, MODEL = "registry", "model"
TRAIN = "regulars train"
PUT_BACK = sentence("put the backup of mlruns back: regulars restore")


def check_registry(examined: Examined) -> Iterator[Finding]:
    """Read the registry, and look at its pages."""
    settings = examined.settings
    if settings is None:
        return
    tracking, place = settings.tracking(), settings.tracking().store.place
    try:
        with faults_at(place):
            version = tracking.champion_version()
        damage = _damage(tracking)
    except LostModels as error:
        yield Finding(
            REGISTRY,
            "problem",
            sentence("{storage} {error}, and there are models", storage=str(error.place), error=error.problem),
            PUT_BACK,
        )
        return
    except MachineFault as error:
        yield Finding(
            REGISTRY,
            "problem",
            sentence("{fault} at {storage}", fault=error.fault, storage=str(error.place)),
            error.remedy,
        )
        return
    if damage:
        yield Finding(
            REGISTRY, "problem", sentence("{storage} is damaged: {error}", storage=str(place), error=damage), PUT_BACK
        )
    elif version is None:
        yield Finding(REGISTRY, "warning", sentence("no model is registered as champion"), TRAIN)
    else:
        yield Finding(
            REGISTRY,
            "ok",
            sentence("{storage} answers, version {version} is the champion", storage=str(place), version=version),
        )


def _damage(tracking: Tracking) -> str:
    """Look at the pages of a registry in a file; a server or a database looks after its own.

    The half of a write that was killed is taken back first, as whoever reads next would.
    """
    database = tracking.store.database
    if not tracking.store.is_file or not database.exists():
        return ""
    with faults_at(database):
        ((said,),) = read_rows(database, "PRAGMA integrity_check(1)")
    return "" if said == "ok" else str(said)


def check_model(examined: Examined) -> Iterator[Finding]:
    """Load the champion with its probe, and ask whether it answers what the settings ask."""
    settings = examined.settings
    if settings is None:
        return
    try:
        with faults_at(settings.tracking().store.place):
            served = settings.tracking().champion_version() is not None
        if served:
            yield _loaded(settings)
    except (LostModels, MachineFault):
        return  # the registry's own check tells it
    except RegularsError as error:
        yield Finding(MODEL, "problem", str(error).splitlines()[0], sentence("regulars train; or regulars rollback"))


def _loaded(settings: Settings) -> Finding:
    bundle, version = settings.tracking().champion()
    check_agrees(settings, bundle, version)
    words = sentence(
        "version {version} ({model}, trained until {day:table}) opens, and its probe passes",
        version=version,
        model=bundle.candidate,
        day=bundle.trained_until,
    )
    return Finding(MODEL, "ok", words)
