"""What people type as a name or an address, in one spelling; what cannot be seen or told apart is refused."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

LONGEST_NAME = 120
LONGEST_ADDRESS = 254
# Joiners belong to the spelling of names in several scripts; between Latin letters they only hide.
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


class NotAName(ValueError):
    """A text that cannot be used; its message says what to do."""


def clean_name(text: str, *, longest: int = LONGEST_NAME) -> str:
    """The name composed (NFC), with single spaces. Raises NotAName for an empty, over-long or partly unseen one."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise NotAName(_("Give a name."))
    if len(name) > longest:
        raise NotAName(_("Give a name of at most {longest} characters.").format(longest=longest))
    if any(_is_unseen(name, place) for place in range(len(name))):
        raise NotAName(_("Leave out the characters that cannot be seen."))
    if not any(unicodedata.category(letter)[0] in "LNS" for letter in name):
        raise NotAName(_("Give a name with a letter in it."))
    return name


def clean_address(text: str) -> str:
    """An e-mail address in the one spelling in which it is stored. Raises NotAName."""
    address = unicodedata.normalize("NFKC", text).strip().lower()
    if len(address) > LONGEST_ADDRESS:
        raise NotAName(_("Give an e-mail address of at most {longest} characters.").format(longest=LONGEST_ADDRESS))
    try:
        validate_email(address)
    except ValidationError as error:
        raise NotAName(_("Give an e-mail address, like name@company.com.")) from error
    return address


def folded(name: str) -> str:
    """What two names have in common that people would take for the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def _is_unseen(name: str, place: int) -> bool:
    letter = name[place]
    if letter in JOINERS:
        return not 0 < place < len(name) - 1 or name[place - 1].isascii() or name[place + 1].isascii()
    return unicodedata.category(letter) in UNSEEN
