"""How the published configurations describe a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passerby.core.errors import OptionError


def check_record(record: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
    """Nothing in the `constructor` record of a configuration may differ from what is `fixed`, where it is there.

    Raises:
        OptionError: something does.
    """
    strange = {name: record[name] for name in fixed if record.get(name, fixed[name]) != fixed[name]}
    if strange:
        wanted = {name: fixed[name] for name in strange}
        raise OptionError(f"no generator is built with {strange}; wanted is a network with {wanted}")
