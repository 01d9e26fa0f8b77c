"""Commands about doctrines: who decides for an actor."""

from __future__ import annotations

from runs.commands.common import DONE, USERS_FAULT, DoctrineName, app, command, group, say, width

CHECK_EXAMPLES = """Examples:

  hubspoke doctrine check my_doctrine.py
  hubspoke doctrine check my_doctrine.py:careful"""

doctrines = group("doctrine", "List, show and check doctrines: who decides for an actor.")
app.command(doctrines)


@command(doctrines, "list")
def list_doctrines() -> int:
    """List the doctrines, shipped and of installed packages, with their sources."""
    from runs.doctrine_text import listing

    say(listing(width()))
    return DONE


@command(doctrines, "show")
def show_doctrine(doctrine: DoctrineName, /) -> int:
    """Show what a doctrine does otherwise than the one it builds on."""
    from runs.doctrine_text import show as shown

    say(shown(doctrine, width()))
    return DONE


@command(doctrines, "check", CHECK_EXAMPLES)
def check_doctrine(doctrine: DoctrineName, /) -> int:
    """Try a doctrine on the contract that all keep: rule by rule, then in whole games.

    The exit code is 0 if it keeps every rule, else 2.
    """
    from runs.doctrine_text import as_lines
    from runs.doctrine_text import check as tried

    results = tried(doctrine)
    kept = all(each.tried and not each.wrong for each in results)
    say(as_lines(results, width()))
    return DONE if kept else USERS_FAULT
