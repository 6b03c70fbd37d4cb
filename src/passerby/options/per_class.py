"""What options say of single classes: `.3`, `face=.3,plate=.1`, or `.3,plate=.1`; and the models that find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from passerby.core.errors import OptionError
from passerby.options.values import pairs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PerClass(Generic[T]):
    """What an option says."""

    option: str
    """Its name, for errors."""
    own: Mapping[str, T]
    """Of each class that is named."""
    others: T
    """Of all that are not."""

    def of(self, label: str) -> T:
        return self.own.get(label, self.others)

    @property
    def values(self) -> tuple[T, ...]:
        """All that it says, in no order."""
        return (self.others, *self.own.values())

    def among(self, classes: Mapping[str, str]) -> PerClass[T]:
        """The same by labels: what it says of `classes`, the names that may be written and what each stands for."""
        own = {classes[name]: value for name, value in self.own.items() if name in classes}
        return PerClass(self.option, own, self.others)

    def check(self, classes: Mapping[str, str]) -> None:
        """Refuse what it says of others than `classes`, or of one of them twice.

        Raises:
            OptionError: so it is.
        """
        said: set[str] = set()
        for name in self.own:
            if name not in classes:
                labels = ", ".join(dict.fromkeys(classes.values()))
                raise OptionError(f"{self.option}: nothing that is called {name!r} is hidden; there is {labels}")
            if classes[name] in said:
                raise _twice(self.option, name)
            said.add(classes[name])


def per_class(option: str, given: Any, read: Callable[[Any], T], others: T) -> PerClass[T]:
    """What is `given` for an option, as a value or as text.

    Args:
        option: its name, for errors.
        read: makes a value of what is written, or raises `OptionError`.
        others: the value of classes that are not named, where none is given for them.

    Raises:
        OptionError: something is said twice.
    """
    own: dict[str, T] = {}
    general: list[T] = []
    for part in given.split(",") if isinstance(given, str) else [given]:
        name, named, value = part.rpartition("=") if isinstance(part, str) else ("", "", part)
        if not named:
            general.append(read(value.strip() if isinstance(value, str) else value))
        elif name.strip() in own:
            raise _twice(option, name.strip())
        else:
            own[name.strip()] = read(value.strip())
    if len(general) > 1:
        raise OptionError(f"{option} has {len(general)} values for all classes, in {given!r}; write CLASS=VALUE")
    return PerClass(option, own, general[0] if general else others)


def _twice(option: str, name: str) -> OptionError:
    return OptionError(f"{option} has two values for {name}; write one")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that is chosen to find things of a label."""

    label: str
    model: str
    """As it is written: NAME, FILE or FAMILY:FILE."""

    def __str__(self) -> str:
        """Without folders."""
        return f"{self.label}={Path(self.model).name}"


def model_choices(given: Any, classes: Mapping[str, str]) -> tuple[ModelChoice, ...]:
    """The models that are chosen, from 'CLASS=MODEL', several such, or classes and the model or models of each.

    Raises:
        OptionError: a class is unknown, or has no model.
        TypeError, AttributeError: `given` is none of these.
    """
    each = [(name, [one] if isinstance(one, str | Path) else one) for name, one in pairs(given, ModelChoice)]
    for name, models in each:
        if not (isinstance(models, list | tuple) and models and all(isinstance(one, str | Path) for one in models)):
            raise OptionError(f"{name} has a model or a list of them, by names or files; got {models!r}")
    said = [(name, str(one)) for name, models in each for one in models]
    for name, model in said:
        if name.strip() not in classes:
            known = ", ".join(dict.fromkeys(classes.values()))
            raise OptionError(f"no class is called {name.strip()!r}; write CLASS=MODEL, with one of {known}")
        if not model.strip():
            raise OptionError(
                f"{name} has no model; write {name}=NAME, as `passerby models list` has it, or {name}=FILE"
            )
    return tuple(ModelChoice(classes[name.strip()], model.strip()) for name, model in said)


@dataclass(frozen=True, slots=True)
class GeneratorFile:
    """A file of a generator, or of what tells generators how somebody stands."""

    name: str
    path: Path

    def __str__(self) -> str:
        """Without folders."""
        return f"{self.name}={self.path.name}"


def generator_files(given: Any, names: Sequence[str]) -> tuple[GeneratorFile, ...]:
    """The files that are chosen, from 'NAME=FILE', several such, or a mapping; each of one of `names`.

    Raises:
        OptionError: a name is unknown, or a file is not there.
        TypeError, AttributeError: `given` is none of these.
    """
    files = tuple(GeneratorFile(name, Path(path)) for name, path in pairs(given, GeneratorFile))
    for file in files:
        if file.name not in names:
            raise OptionError(f"no generator is called {file.name!r}; write NAME=FILE, with one of {', '.join(names)}")
        if not file.path.is_file():
            raise OptionError(f"--generator {file.name}={file.path} is not a file that exists; check the name")
    return files
