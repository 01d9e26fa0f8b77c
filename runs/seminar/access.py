"""Who may do what: codes that are used once, cookies, the facilitator's word, limits on guessing.

Nothing secret stands in an address or in the record: codes, cookies and the facilitator's word are
kept there as digests. Codes are made from a key in a file beside the record, so that role cards can
be printed again.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections import defaultdict, deque
from hashlib import pbkdf2_hmac, sha256
from pathlib import Path

from runs.seminar.session import WHITE, Session

KEY_FILE = "secret.key"
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that are taken for another
CODE_LETTERS = 8  # 31^8, some 40 bits, behind a limit on tries
ROUNDS = 100_000
TRIES, MINUTE = 10, 60.0  # wrong codes or words from one address in a minute


class Keys:
    """The secrets of one seminar."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / KEY_FILE
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_bytes(32))
            os.close(handle)
        self._key = path.read_bytes()

    def code(self, session: str, seat: str, number: int) -> str:
        """Return a join code: XXXX-XXXX."""
        made = hmac.new(self._key, f"code {session} {seat} {number}".encode(), sha256).digest()
        value = int.from_bytes(made, "big")
        letters = []
        for _ in range(CODE_LETTERS):
            value, rest = divmod(value, len(LETTERS))
            letters.append(LETTERS[rest])
        return "".join(letters[:4]) + "-" + "".join(letters[4:])

    def white_word(self, session: str = "") -> str:
        """Return the facilitator's word: made once, printed in the terminal."""
        return self.code(f"white {session}", WHITE, 0)

    def csrf(self, token: str) -> str:
        """Return the mark that a form of this browser carries."""
        return hmac.new(self._key, f"form {token}".encode(), sha256).hexdigest()[:32]


def cookie_of(session: str) -> str:
    """Name of the cookie of a seminar: browsers share cookies among all ports of a machine."""
    return f"hubspoke_seat_{session}"


def digest_code(code: str) -> str:
    """Digest of a code as it stands in the record; case, spaces and dashes do not matter."""
    return sha256(f"code {plain_code(code)}".encode()).hexdigest()


def plain_code(code: str) -> str:
    """Return a code without case, spaces and dashes."""
    return "".join(c for c in code.upper() if c.isalnum())


def digest_token(token: str) -> str:
    """Digest of a cookie as it stands in the record."""
    return sha256(f"token {token}".encode()).hexdigest()


def digest_word(word: str, salt: str) -> str:
    """Digest of the facilitator's word, slow to guess."""
    made = pbkdf2_hmac("sha256", plain_code(word).encode(), bytes.fromhex(salt), ROUNDS)
    return f"{salt}:{made.hex()}"


def is_word(word: str, kept: str) -> bool:
    """Say whether this is the facilitator's word."""
    salt = kept.partition(":")[0]
    return hmac.compare_digest(digest_word(word, salt), kept)


def new_token() -> str:
    """Return a cookie of 128 bits."""
    return secrets.token_hex(16)


def seat_of_code(session: Session, code: str) -> tuple[str | None, str]:
    """Return the seat that a code opens, and what is wrong if it opens none."""
    mark = digest_code(code)
    if mark in session.used:
        return (
            None,
            "This code has been used. Each code works once; ask the facilitator for another.",
        )
    if mark not in session.codes:
        return None, "This code is not known. Look at your card again, or ask the facilitator."
    return session.codes[mark], ""


class Limiter:
    """Counts tries: too many in a minute and the door stays shut for a while."""

    def __init__(self, most: int, seconds: float = MINUTE) -> None:
        self.most = most
        self.seconds = seconds
        self._seen: dict[str, deque[float]] = defaultdict(deque)

    def full(self, who: str) -> bool:
        """Say whether there have been too many."""
        seen = self._seen[who]
        while seen and time.monotonic() - seen[0] > self.seconds:
            seen.popleft()
        return len(seen) >= self.most

    def count(self, who: str) -> None:
        """Count one."""
        self._seen[who].append(time.monotonic())
        if len(self._seen) > 10_000:  # noqa: PLR2004 - forget, rather than grow
            self._seen.clear()
