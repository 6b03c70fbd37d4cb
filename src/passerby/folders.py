"""The platform's folders for what belongs to a user."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_settings() -> Path:
    """For what the user has set up."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or os.path.expanduser("~/AppData/Roaming"))
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Application Support"))
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))


def user_cache() -> Path:
    """For what can be fetched or made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local"))
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches"))
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
