"""Parts of `grader_config.yml` that stand in several places: times, and what lateness costs."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from autograder.zones import placed

ZONE = "zone"
"""The key of the course's time zone in the context of a validation."""
RATES = ("percent_per_day", "percent_per_hour", "points_per_day", "points_per_hour")
"""The settings that say what a day or an hour costs; one of them is given."""


class Section(BaseModel):
    """A part of the configuration: a setting that does not exist is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_day_alone(value: Any) -> Any:
    if (isinstance(value, date) and not isinstance(value, datetime)) or re.fullmatch(r"[\d-]{8,10}", str(value)):
        raise ValueError("give the time of day too, for example 2027-03-01T23:59:00")
    return value


def _in_zone(value: datetime, info: ValidationInfo) -> datetime:
    zone = (info.context or {}).get(ZONE)
    if value.tzinfo is not None:
        return value.astimezone(zone) if zone is not None else value
    if zone is None:
        raise ValueError(
            "give the time zone too, for example 2027-03-01T23:59:00+01:00; or name the course's: course.time_zone"
        )
    return placed(value, zone)


CourseTime = Annotated[datetime, BeforeValidator(_no_day_alone), AfterValidator(_in_zone)]
"""A moment; without a zone of its own, it is what the course's clocks show."""


class LateConfig(Section):
    """What lateness costs: a rate for each day or hour begun, and where it ends. docs/late.md explains each setting."""

    grace_minutes: float = Field(default=0, ge=0)
    percent_per_day: float | None = Field(default=None, ge=0, le=100)
    percent_per_hour: float | None = Field(default=None, ge=0, le=100)
    points_per_day: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    points_per_hour: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max_percent: float | None = Field(default=None, ge=0, le=100)
    max_points: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    floor_percent: float | None = Field(default=None, ge=0, le=100)
    max_days: int | None = Field(default=None, ge=0)
    hard_deadline: CourseTime | None = None
    late_days: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_what_it_costs(self) -> Self:
        rates = [name for name in RATES if getattr(self, name) is not None]
        if len(rates) > 1:
            raise ValueError(f"{' and '.join(rates)} are two rates: choose one")
        if not rates and self.max_days is None and self.hard_deadline is None:
            raise ValueError(f"say what lateness costs: one of {', '.join(RATES)}, or an end: hard_deadline, max_days")
        return self
