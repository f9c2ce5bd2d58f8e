"""Records: one row of an answer as a whole, validated, frozen object.

The API is additive: fields may appear at any time (PlanMySaaS, API reference). What a class does not know is kept in
`extra`, and a value of an unexpected type is kept as it came and its name told in `drifted`.
"""

from __future__ import annotations

import collections.abc as abc
import logging
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ..protocol.errors import DriftError, InvalidResponse
from ..protocol.messages import Request
from ..protocol.names import camel

OnDrift = Literal["keep", "raise"]

R = TypeVar("R", bound="Record")
T = TypeVar("T")

_log = logging.getLogger("outreach_async.drift")


def _none_is_empty(value: object) -> object:
    return () if value is None else value


Rows = Annotated[tuple[T, ...], BeforeValidator(_none_is_empty)]
"""Rows inside of a record; absent and null both read as none."""


class Record(BaseModel):
    """Base of all that the API sends. Fields carry Python names; `record["anyField"]` reads one by either name.

    A field that the answer left out is None, or empty where it holds rows; `model_fields_set` tells which were sent.
    """

    model_config = ConfigDict(
        alias_generator=camel,
        extra="allow",
        frozen=True,
        protected_namespaces=(),
        serialize_by_alias=False,
        validate_by_alias=True,
        validate_by_name=True,
    )

    _drifted: tuple[str, ...] = PrivateAttr(default=())

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of the fields whose values had an unexpected type: those are kept as they came."""
        return self._drifted

    @property
    def extra(self) -> dict[str, Any]:
        """What was sent and this release does not know, by wire name."""
        return dict(self.model_extra or {})

    def __getitem__(self, name: str) -> Any:
        for field, declared in type(self).model_fields.items():
            if name in (field, declared.alias):
                return getattr(self, field)
        extra = self.extra
        return extra[name] if name in extra else extra[camel(name)]

    def __hash__(self) -> int:
        # By the id's text: a drifted value may be a list, and must not break a set of records.
        return hash((type(self).__name__, str(vars(self).get("id"))))

    @model_validator(mode="wrap")
    @classmethod
    def _keep_drifted(cls, value: Any, validate: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """Validate; where a field's type is unexpected, keep that field's value raw and validate the rest."""
        try:
            return validate(value)
        except ValidationError as error:
            faulty = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
            if not isinstance(value, abc.Mapping) or not faulty:
                raise
            if info.context == "raise":
                names = tuple(faulty)
                raise DriftError(f"{cls.__name__}: unexpected types in {', '.join(names)}", names=names) from error
        record = validate({name: item for name, item in value.items() if name not in faulty})
        known = {declared.alias: field for field, declared in cls.model_fields.items()}
        for name in faulty:
            vars(record)[known.get(name, name)] = value[name]
            _report(cls.__name__, name)
        record._drifted = tuple(sorted(known.get(name, name) for name in faulty))
        return record


def build(record: type[R], row: object, request: Request, on_drift: OnDrift = "keep") -> R:
    """Build the record of one decoded row. Raises InvalidResponse when it is no object, DriftError only if asked to."""
    if not isinstance(row, dict):
        raise InvalidResponse(f"a {record.__name__} came as {_kind(row)}, not as an object", request=request)
    return record.model_validate(cast("dict[str, object]", row), context=on_drift)


def _kind(value: object) -> str:
    return {type(None): "null", list: "an array", str: "a text", bool: "a bool"}.get(type(value), "a number")


@lru_cache(maxsize=1024)
def _report(record: str, name: str) -> None:
    """Log a drifted field; the cache makes it once for each."""
    _log.warning("%s.%s has an unexpected type; its value is kept raw", record, name)
