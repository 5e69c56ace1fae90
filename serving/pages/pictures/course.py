"""The picture of where a silence leads: a line of weeks, with the day on which the list may take a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from training.one_customer.course import Course

WIDTH, HEIGHT = 100.0, 40.0
LEAST_TOP = 0.2  # of the scale: a small risk is drawn small
ROOM = 1.1
SHOWN_AFTER_DAYS = (0, 28, 56, 91)


@dataclass(frozen=True)
class CoursePicture:
    """Where a course is drawn, and what is said of it.

    Args:
        points: of the line, as SVG's polyline takes them.
        top: the probability at the upper edge.
        listed_at: where the list may take the customer; None = on no day that is drawn.
        shown: weeks without an order, the day, and the probability of having left by then.
        course: what is drawn.
    """

    points: str
    top: float
    listed_at: float | None
    shown: tuple[tuple[int, date, float], ...]
    course: Course

    @property
    def is_listed_today(self) -> bool:
        """Whether the list may take the customer today."""
        return self.course.listed_on == self.course.dates[0]


def course_picture(course: Course) -> CoursePicture:
    """Return the picture of a course.

    Args:
        course: of one customer.

    >>> import numpy as np
    >>> from datetime import timedelta
    >>> days = tuple(date(2026, 3, 2) + timedelta(days=number) for number in range(92))
    >>> found = course_picture(Course(days, np.linspace(0, 1, 92), np.ones(92), days[45], None))
    >>> found.points[:8], found.listed_at, [round(share, 2) for _, _, share in found.shown]
    ('0.0,40.0', 49.5, [0.0, 0.31, 0.62, 1.0])
    """
    last = len(course.dates) - 1
    top = max(LEAST_TOP, min(1.0, ROOM * float(course.left.max())))
    at = [(WIDTH * day / last, HEIGHT * (1 - share / top)) for day, share in enumerate(course.left.tolist())]
    listed = course.listed_on
    return CoursePicture(
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in at),
        top=top,
        listed_at=None if listed is None else round(WIDTH * (listed - course.dates[0]).days / last, 1),
        shown=tuple((days // 7, course.dates[days], course.at(days)) for days in SHOWN_AFTER_DAYS if days <= last),
        course=course,
    )
