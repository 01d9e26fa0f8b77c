"""Copy the figures that a page shows from the folders of their runs: gallery.py RESULTS GALLERY."""

import re
import shutil
import sys
from pathlib import Path

results, gallery = map(Path, sys.argv[1:])
page = gallery.with_suffix(".md").read_text(encoding="utf-8")
shown = re.findall(rf"\({gallery.name}/([\w-]+)\.png\)", page)
for old in gallery.glob("*.png"):
    old.unlink()
for name in shown:
    folder, _, figure = name.partition("-")
    found = sorted((results / folder).rglob(f"{figure}.png"))
    if not found:
        sys.exit(f"the page shows {name}.png, and {results / folder} holds no {figure}.png")
    shutil.copyfile(found[0], gallery / f"{name}.png")
sys.stdout.write(f"{len(shown)} figures are in {gallery}\n")
