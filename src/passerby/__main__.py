"""`python -m passerby` is the command line."""

from __future__ import annotations

import sys

from passerby.cli import main

sys.exit(main())
