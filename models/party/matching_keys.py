"""The forms in which phone numbers and e-mail addresses are compared, and what never matches anything."""

import re

import phonenumbers

SHORTEST_NUMBER = 7

_ADDRESS = re.compile(r"(?:[^<>@,;]*<)?([^\s<>@,;]+@[^\s<>@,;.]+(?:\.[^\s<>@,;.]+)+)>?")


def phone_key(text: str | None, region: str | None = None) -> str | None:
    """Return the number in E.164 (+639171234567), None when the text is no number.

    `region` is the two-letter country that a number without a country code belongs to. What no numbering plan knows
    is kept as its bare digits, so that it still equals itself; "N/A", dashes, too few digits and one digit repeated
    are no number (statement H40).
    """
    digits = "".join(char for char in text or "" if char.isascii() and char.isdigit())
    if text is None or len(digits) < SHORTEST_NUMBER or len(set(digits)) == 1:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(number):
        return digits
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def email_key(text: str | None) -> str | None:
    """Return the address in lower case, without a display name; None when the text is not exactly one address."""
    match = _ADDRESS.fullmatch((text or "").strip())
    return match[1].lower() if match else None
