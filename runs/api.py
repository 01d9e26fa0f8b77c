"""The public names of Hub and Spoke, loaded when first used: `from hubspoke import Wargame`.

The build copies this file to `hubspoke/__init__.py`. Loading late keeps `hubspoke --help` instant
and lets the guard speak before a stranger's `agents`, `model` or `runs` is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .guard import check_rooms

if TYPE_CHECKING:
    from agents.contract import DoctrineContract
    from agents.doctrine import Doctrine, doctrine
    from agents.doctrines.transactional import Transactional
    from model.notice import NOTICE
    from model.wargame import Wargame
    from runs.environment import Environment
    from runs.store import Results

__all__ = [
    "NOTICE",
    "Doctrine",
    "DoctrineContract",
    "Environment",
    "Results",
    "Transactional",
    "Wargame",
    "doctrine",
]
_ROOMS = {
    "NOTICE": "model.notice",
    "Doctrine": "agents.doctrine",
    "DoctrineContract": "agents.contract",
    "Environment": "runs.environment",
    "Results": "runs.store",
    "Transactional": "agents.doctrines.transactional",
    "Wargame": "model.wargame",
    "doctrine": "agents.doctrine",
}

if not TYPE_CHECKING:  # type checkers read the imports above

    def __getattr__(name: str) -> object:
        """Load a public name from its room."""
        if name not in _ROOMS:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        check_rooms()
        return getattr(import_module(_ROOMS[name]), name)
