# SPDX-License-Identifier: Apache-2.0
"""How the sections of the spec declare their keys: type, default, bounds, unit and AutoML hints in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Engine = Literal["embedded", "container"]
EMBEDDED: tuple[Engine, ...] = ("embedded",)
CONTAINER: tuple[Engine, ...] = ("container",)

_LIMITS = frozenset({"ge", "gt", "le", "lt", "min_length", "max_length", "pattern"})


class Section(BaseModel):
    """A section of the spec: unknown keys are refused, values keep their type, and nothing changes after it is read.

    Numbers stay numbers and texts stay texts: "3" is no integer and "true" is no boolean, while an integer is taken
    for a float. NaN and infinities are refused.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, protected_namespaces=()
    )


@dataclass(frozen=True, slots=True)
class Tune:
    """What AutoML may do with a parameter.

    `low` and `high` are the finite search range, both ends included; `scale` says whether equal steps are equal
    differences or equal ratios. `weights` are the chances of the options, in their order. `on` says whether the
    parameter is searched when the caller names none. `depends_on` is the key that `math_cond` speaks of;
    `active_when` lists the values of other keys under which the parameter has any effect; a key that starts with a dot
    stands in the same section, with two dots one section above.
    """

    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    weights: tuple[float, ...] = ()
    on: bool = True
    math_cond: str = ""
    depends_on: str = ""
    active_when: dict[str, list[Any]] = field(default_factory=dict)
    parent: bool = False

    def keywords(self) -> dict[str, Any]:
        """The schema keywords that say the same."""
        words: dict[str, Any] = {"automl_enabled": self.on}
        if self.low is not None:
            words["search"] = {"minimum": self.low, "maximum": self.high, "scale": self.scale}
        optional = {
            "option_weights": list(self.weights),
            "math_cond": self.math_cond,
            "depends_on": self.depends_on,
            "active_when": self.active_when,
            "parent_param": self.parent,
        }
        return words | {name: value for name, value in optional.items() if value}


FIXED = Tune(on=False)


def knob(default: Any, description: str, tune: Tune = FIXED, **extra: Any) -> Any:
    """A key of the spec.

    `extra` takes limits (`ge`, `gt`, `le`, `lt`, `min_length`, `max_length`, `pattern`) and schema keywords (`unit`,
    `popular`, `engines`, `option_engines`, `gpu_options`: those that no processor can do, `optional`: no template holds
    it, because not every container knows it).
    """
    limits = {name: value for name, value in extra.items() if name in _LIMITS}
    words = {name: value for name, value in extra.items() if name not in _LIMITS}
    return Field(default=default, description=description, json_schema_extra=words | tune.keywords(), **limits)


def section(model: type[Section], description: str, **extra: Any) -> Any:
    """A key that holds a section."""
    return Field(default_factory=model, description=description, json_schema_extra={"automl_enabled": False} | extra)


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("0 is no batch size")
    return value


Count = Annotated[int, Field(ge=1)]
Index = Annotated[int, Field(ge=0)]
BatchSize = Annotated[int, Field(ge=-1, json_schema_extra={"not": {"const": 0}}), AfterValidator(_not_zero)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Channels = Annotated[list[Count], Field(min_length=4, max_length=4)]
PerColour = Annotated[list[float], Field(min_length=3, max_length=3)]
Spread = Annotated[list[Positive], Field(min_length=3, max_length=3)]
Extension = Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]+$")]
FolderName = Annotated[str, Field(pattern=r"^[^/\\]+$")]
Scalar = str | int | float | bool | None
