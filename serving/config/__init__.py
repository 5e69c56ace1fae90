"""regulars.toml: frozen settings, how they are read, and how they are written. The book and `mlruns/` lie beside it."""

from serving.config.answers import answered
from serving.config.load import guessed_settings, load_settings
from serving.config.settings import (
    BOOK_URL,
    FILE_NAME,
    BookSettings,
    Churn,
    ListSettings,
    MlflowSettings,
    PagesSettings,
    ServeSettings,
    Settings,
    days_or_auto,
    spoken,
    usual_days,
)
from serving.config.to_toml import toml_text

__all__ = [
    "BOOK_URL",
    "FILE_NAME",
    "BookSettings",
    "Churn",
    "ListSettings",
    "MlflowSettings",
    "PagesSettings",
    "ServeSettings",
    "Settings",
    "answered",
    "days_or_auto",
    "guessed_settings",
    "load_settings",
    "spoken",
    "toml_text",
    "usual_days",
]
