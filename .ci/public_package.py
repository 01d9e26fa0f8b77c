"""Build hook: the public package `hubspoke` is two files of `runs` under the project's own name.

hatchling's `force-include` moves a file of the project. These are needed in both places (`runs`
imports its own guard), so the hook hands copies to `force-include`; an editable install has them
too.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {"api.py": "__init__.py", "guard.py": "guard.py", "py.typed": "py.typed"}


class PublicPackage(BuildHookInterface):
    """Adds `hubspoke` to a wheel, standard or editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the files out of the project and force the copies in."""
        self.copies = TemporaryDirectory()
        for source, name in FILES.items():
            shutil.copy(Path(self.root, "runs", source), Path(self.copies.name, name))
        build_data["force_include"][self.copies.name] = "hubspoke"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the copies."""
        self.copies.cleanup()
