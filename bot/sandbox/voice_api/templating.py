"""`{{name}}` in a text, filled from the request's variables before anything is spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.sandbox.voice_api.errors import bad_field

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LEFT_OPEN = re.compile(r"\{\{|\}\}")


def fill(text: str, variables: Mapping[str, str], *, field: str) -> str:
    """Put the variables into the text, once: a value is never itself read as a template.

    Raises `ApiError` (400) when a placeholder has no value or is malformed: it would be spoken.
    """
    malformed = _LEFT_OPEN.search(_PLACEHOLDER.sub("", text))
    if malformed:
        why = f"{field} holds a stray {malformed.group()}; write {{{{name}}}}"
        raise bad_field(field, why, code="malformed_placeholder")

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in variables:
            why = f"variables has no value for {{{{{name}}}}}, which stands in {field}"
            raise bad_field(f"variables.{name}", why, code="unresolved_placeholder")
        return variables[name]

    return _PLACEHOLDER.sub(value, text)
