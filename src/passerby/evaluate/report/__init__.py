"""An evaluation written down: a page for people, a record for programs, and lines for a console.

See docs/evaluate-report.md.
"""

from __future__ import annotations

from passerby.evaluate.report.console import summary
from passerby.evaluate.report.folder import check, write
from passerby.evaluate.report.table import targets

__all__ = ["check", "summary", "targets", "write"]
