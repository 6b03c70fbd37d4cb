"""What goes wrong where networks are compiled for a machine (`torch.compile`), said in a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from passerby.core.errors import OptionError, first_line


@contextmanager
def compiling(what: str) -> Iterator[None]:
    """In the block a network computes that may be a compiled one, whose compiler runs when it is first given a size.

    Raises:
        OptionError: `what` cannot be compiled, for want of a compiler as a rule.
    """
    try:
        yield
    except torch._dynamo.exc.TorchDynamoException as error:
        raise OptionError(f"{what} cannot be compiled here ({first_line(error)}); leave --compile out") from error
