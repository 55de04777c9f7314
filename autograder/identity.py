"""Who a student is: one name for what folders, files and metadata call them, on every page and in every record.

A name that everybody can read stays as it is. Another spelling of it (composed differently, with other spaces) is the
same name. Where characters have to go, a part of the digest of the original stays, so that two people are never one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count

LONGEST = 120
"""Characters of a name, at most."""
_DIGITS, _MORE_DIGITS = 8, 16
"""Digits of the digest that stand for what cannot be shown, and where so many do not tell two names apart."""
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffb"
    "\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that show nothing, although most of them count as printable."""
_JOINERS = "\u200c\u200d"
_EMOJI_STYLES = "\ufe0e\ufe0f"
_FORMULA = re.compile("[=+\\-@\uff1d\uff0b\uff0d\uff20\u2212]")
"""What a spreadsheet takes for the beginning of a formula, and a command line for an option."""
_PATH = frozenset("/\\")
_MARKED = re.compile(r" \([0-9a-f]{8,64}\)\Z")
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\Z")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])\Z")


@dataclass(frozen=True)
class ClassNames:
    """The names of a class: `names` has each original's, all of them different. `remarks` tell what changed."""

    names: Mapping[str, str]
    remarks: tuple[str, ...] = ()


def clean_name(original: str) -> str:
    """Return the name of a student who is called `original` somewhere: printable, on one line, of a decent length.

    Different names stay different, except for other spellings of one: those give the same name.
    """
    spelled = _spelled(original)
    return spelled if _is_clean(spelled) else _marked(original)


def clean_names(originals: Iterable[str]) -> ClassNames:
    """Return the names of a class, where nobody may be taken for somebody else.

    Of several spellings of one name, the one that needs no change keeps it; the others are marked, and a remark says
    so. Which of two names stays never depends on their order.
    """
    wanted = sorted(set(originals))
    names = {original: clean_name(original) for original in wanted}
    remarks = [
        f"{names[original]} stands for an entry whose own name cannot be shown"
        for original in wanted
        if not _is_clean(_spelled(original))
    ]
    for name, sharing in sorted(_shared(names).items()):
        keeper = _keeper(name, sharing)
        for original in sharing:
            if original != keeper:
                names[original] = _marked(original)
        others = " and ".join(names[original] for original in sharing if original != keeper)
        remarks.append(f"{name} stands there in {len(sharing)} spellings: {others} is taken for somebody else")
    for attempt in count(1):  # somebody is called like another's mark: as many attempts as there are such names
        sharing_still = _shared(names)
        if not sharing_still:
            break
        for original in chain(*sharing_still.values()):
            names[original] = _marked(original, attempt)
    remarks += [
        f"{', '.join(alike[:-1])} and {alike[-1]} look alike: they are taken for different people"
        for alike in _alike(names)
    ]
    return ClassNames(names, tuple(remarks))


def file_name(student: str) -> str:
    """Return the file name of a student's page: safe on every system, and this student's alone.

    A plain name stays as it is. Any other gets a digest after a dot, which no plain name contains.
    """
    if _PLAIN_NAME.match(student) and not _RESERVED.match(student):
        return f"{student}.html"
    return f"{_slug(student)}.{_digest(student, 12)}.html"


def page_name(student: str, assignment: str, secret: bytes) -> str:
    """Return a file name for a student's page that nobody can guess who does not know the course's secret."""
    message = "\0".join(("page", assignment, student)).encode("utf-8", "surrogatepass")
    token = hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]
    return f"{_slug(student)}.{token}.html"


def _slug(student: str) -> str:
    """Return what a name looks like in letters that are safe on every system."""
    ascii_only = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_-]+", "-", ascii_only).strip("-_")[:40] or "student"
    return f"{slug}-student" if _RESERVED.match(slug) else slug


def _spelled(text: str) -> str:
    """Return the usual spelling: composed, with single plain spaces and none around. A line break is no space."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")


def _is_clean(text: str) -> bool:
    return 0 < len(text) <= LONGEST and set(text) != {"."} and _shown(text) == text


def _shown(text: str) -> str:
    """Return the text with an underscore for each character that cannot be seen, or does harm where it stands."""
    shown = ""
    for place, character in enumerate(text):
        shown += character if _is_shown(character, shown[-1:], last=place + 1 == len(text)) else "_"
    return shown


def _is_shown(character: str, before: str, *, last: bool) -> bool:
    kind = unicodedata.category(before) if before else ""
    if character in _JOINERS:  # Persian and Hindi words need them, and emoji; between Latin letters they only hide
        return kind in ("Lo", "Mn", "Mc", "So", "Sk") and not last
    if character in _EMOJI_STYLES:
        return kind.startswith("S")
    if not before and (_FORMULA.match(character) or unicodedata.category(character).startswith("M")):
        return False
    return character.isprintable() and character not in _PATH and not _BLANK.match(character)


def _marked(original: str, attempt: int = 0) -> str:
    """Return a name for an original that cannot keep its own: what can be shown of it, and a part of its digest."""
    mark = f" ({_digest(original + attempt * '.', _MORE_DIGITS if attempt else _DIGITS)})"
    shown = _shown(_spelled(original))
    room = LONGEST - len(mark)
    return ((shown if len(shown) <= room else f"{shown[: room - 1].rstrip()}\u2026") or "no name") + mark


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def _shared(names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names that several originals have, with those."""
    originals: dict[str, list[str]] = defaultdict(list)
    for original, name in names.items():
        originals[name].append(original)
    return {name: sharing for name, sharing in originals.items() if len(sharing) > 1}


def _keeper(name: str, sharing: list[str]) -> str | None:
    """Return the original that keeps a name: the one whose digest it carries, else the one that is spelled so."""
    marked = [original for original in sharing if not _is_clean(_spelled(original))]
    if marked:
        return marked[0] if len(marked) == 1 else None
    return name if name in sharing else None


def _alike(names: Mapping[str, str]) -> list[list[str]]:
    """Return names that a person, a file system or a database may take for one another."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names.values()):
        folded = unicodedata.normalize("NFKC", _MARKED.sub("", name)).casefold()
        groups["".join(character for character in folded if character not in _JOINERS + _EMOJI_STYLES)].append(name)
    return [group for group in groups.values() if len({_MARKED.sub("", name) for name in group}) > 1]
