"""From JSON values to ``shape``, by cattrs with strict hooks, collecting every mistake.

cattrs builds the classes and groups what fails by class and attribute; the hooks here take nothing
but what ``kinds`` allows, where cattrs' own would iterate a text into a list or call ``int``.
"""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Union, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter, ForbiddenExtraKeysError
from cattrs.errors import AttributeValidationNote, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn

from wrkr_core.budget import BUILT_IN_METERS, Amount, Budget, check_meter
from wrkr_core.checkpoint import Kind
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import Variable
from wrkr_core.spec_file import shape
from wrkr_core.spec_file.kinds import (
    KINDS_OF_VALUE,
    VARIABLE,
    argument,
    checkpoint_kind,
    line,
    variable_value,
    wrong,
)
from wrkr_core.spec_file.problems import Path, Problem, nearest, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_METER_KINDS: Final[dict[str, Any]] = {"wall": shape.Duration, "cost": shape.Money}
# A meter of one's own may be named freely, but `token: 9` must not leave `tokens` without a limit.
_TOO_LIKE: Final = 0.8


def read_shape(value: object) -> tuple[shape.WrittenJob | None, tuple[Problem, ...]]:
    """Return what a document says, or None and everything that is wrong with it."""
    try:
        return _converter().structure(value, shape.WrittenJob), ()
    except (BaseValidationError, InvalidInputError) as error:
        return None, tuple(_problems(error, ()))


def _problems(error: Exception, path: Path) -> Iterator[Problem]:
    if isinstance(error, InvalidInputError):
        yield Problem(path, sentence(error))
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        for key in error.extra_fields:
            yield Problem((*path, key), _unknown_key(key, known))
    elif isinstance(error, BaseValidationError):
        for each in error.exceptions:
            step = _step(each)
            if isinstance(each, KeyError) and step:
                yield Problem(path, f"the key '{step[0]}' is missing")
            else:
                yield from _problems(each, path + step)
    else:
        raise error


def _step(error: BaseException) -> Path:
    """Return the attribute, key or index that cattrs noted on an error; empty if none."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (note.name,)
        if isinstance(note, IterableValidationNote):
            return (note.index,)
    return ()


def _unknown_key(key: str, known: list[str]) -> str:
    near = nearest(key, known)
    hint = f"did you mean '{near}'?" if near else f"known: {', '.join(known)}"
    return f"unknown key {shown(key)}; {hint}"


@cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    converter.register_structure_hook_factory(attrs.has, _mapping_hook)
    converter.register_structure_hook_factory(_is_list, _list_hook)
    converter.register_structure_hook_factory(_is_optional, _present_hook)
    hooks: dict[Any, Callable[[object], object]] = {
        **KINDS_OF_VALUE,
        shape.Run: _run,
        shape.Environment: _environment,
        shape.Inputs: _inputs,
        Budget: lambda value: _budget(value, converter),
    }
    converter.register_structure_hook_func(
        lambda kind: kind is Kind, _ignoring_type(checkpoint_kind)
    )
    for kind, read in hooks.items():
        converter.register_structure_hook(kind, _ignoring_type(read))
    _let_commands_be_short(converter)
    return converter


def _is_list(kind: object) -> bool:
    return get_origin(kind) is tuple


def _is_optional(kind: object) -> bool:
    # None is what a key that was left out means; written down it is a mistake, so cattrs' own
    # hook, which lets it pass, is not used.
    return get_origin(kind) in {Union, UnionType} and get_args(kind)[1] is type(None)


def _present_hook(kind: Any, converter: Converter) -> Callable[[Any, Any], object]:  # noqa: ANN401
    return converter.get_structure_hook(get_args(kind)[0])


def _ignoring_type(read: Callable[[object], object]) -> Callable[[object, object], object]:
    return lambda value, _: read(value)


def _mapping_hook(cls: type[Any], converter: Converter) -> Callable[[object, Any], object]:
    structure = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)
    return lambda value, kind: structure(_mapping(value), kind)


def _list_hook(kind: Any, converter: Converter) -> Callable[[object, Any], object]:  # noqa: ANN401
    item = get_args(kind)[0]
    read = converter.get_structure_hook(item)

    def structure(value: object, _: object) -> tuple[object, ...]:
        return tuple(_all({i: (read, each, item) for i, each in enumerate(_list(value))}))

    return structure


def _let_commands_be_short(converter: Converter) -> None:
    full = _mapping_hook(shape.WrittenCommand, converter)

    def structure(value: object, kind: object) -> object:
        if isinstance(value, dict):
            return full(cast("object", value), kind)
        if isinstance(value, str | list):
            return shape.WrittenCommand(run=_run(cast("object", value)))
        raise wrong(value, "a command", "write a list of arguments, a shell line or a mapping")

    # By predicate: a hook for the class would be one for its subclasses, steps and checks, too.
    converter.register_structure_hook_func(lambda kind: kind is shape.WrittenCommand, structure)


def _all(
    reads: Mapping[Any, tuple[Callable[[Any, Any], object], object, object]],
) -> list[object]:
    """Return what every read gave, or raise what went wrong in all of them, by index or key."""
    values: list[object] = []
    errors: list[Exception] = []
    for index, (read, value, kind) in reads.items():
        try:
            values.append(read(value, kind))
        except (BaseValidationError, InvalidInputError) as error:
            error.add_note(IterableValidationNote(f"at {index!r}", index, kind))
            errors.append(error)
    if errors:
        # pyright looks at ExceptionGroup.__init__, cattrs' __new__ takes the class as well.
        raise IterableValidationError("items", errors, list)  # pyright: ignore[reportCallIssue]
    return values


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise wrong(value, "a mapping of keys")
    return cast("dict[str, object]", value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise wrong(value, "a list", f"write [{shown(value)}]" if isinstance(value, str) else "")
    return cast("list[object]", value)


def _run(value: object) -> shape.Run:
    if isinstance(value, str):
        return shape.Run(shell=line(value))
    if not isinstance(value, list):
        raise wrong(value, "a command", "write a list of arguments, or a shell line as text")
    items = cast("list[object]", value)
    if not items or items[0] == "":
        raise InvalidInputError("the command names no program")
    read = _ignoring_type(argument)
    argv = _all({index: (read, item, str) for index, item in enumerate(items)})
    return shape.Run(argv=tuple(cast("list[shape.Argument]", argv)))


def _environment(value: object) -> shape.Environment:
    def variable(member: object, name: Any) -> Variable:  # noqa: ANN401
        return Variable(name=VARIABLE(name), value=variable_value(member))

    reads = {name: (variable, member, name) for name, member in sorted(_mapping(value).items())}
    return shape.Environment(tuple(cast("list[Variable]", _all(reads))))


def _inputs(value: object) -> shape.Inputs:
    inputs = _mapping(value)
    reads: dict[str, tuple[Callable[[Any, Any], object], object, object]] = {}
    if "workspace" in inputs:
        reads["workspace"] = (_ignoring_type(_folder), inputs["workspace"], str)
    if "references" in inputs:
        reads["references"] = (_ignoring_type(_references), inputs["references"], list)
    _all(reads)
    return shape.Inputs(inputs)


def _folder(value: object) -> str:
    said = argument(value)
    if not said.strip():
        raise InvalidInputError("the workspace is empty", hint="write . for the current folder")
    return said


def _references(value: object) -> list[object]:
    read = _ignoring_type(argument)
    return _all({index: (read, item, str) for index, item in enumerate(_list(value))})


def _budget(value: object, converter: Converter) -> Budget:
    def limit(amount: object, meter: Any) -> Amount:  # noqa: ANN401
        _refuse_mistakable(meter)
        kind = _METER_KINDS.get(meter, shape.Count)
        return Amount(meter=check_meter(meter), amount=converter.structure(amount, kind))

    limits = {meter: (limit, amount, meter) for meter, amount in _mapping(value).items()}
    return Budget.of(cast("list[Amount]", _all(limits)))


def _refuse_mistakable(meter: str) -> None:
    bare = meter.removeprefix("max_")
    near = nearest(bare, BUILT_IN_METERS, likeness=_TOO_LIKE)
    # `tokens_in` and `input_tokens` are meant, `token` and `max_tokens` are not.
    is_meant = near is None or near == meter or (near != bare and f"_{near}_" in f"_{bare}_")
    if not is_meant:
        raise InvalidInputError(
            f"{shown(meter)} is easily taken for the meter '{near}'",
            hint=f"did you mean '{near}'? name a meter of your own less like it",
        )
