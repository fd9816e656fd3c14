"""Message templates: `{{name}}` in a text, and the variables that stand in for it.

The voice service fills them (voice-api.txt "variables"). What it does with one that is not
filled, or with braces inside a value, the contract does not say; probably it speaks them. So
we fill the text too: to show what will be heard, and to refuse what would sound wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PLACEHOLDER = re.compile(rf"\{{\{{[ \t]*({_NAME})[ \t]*\}}\}}")


def is_variable_name(text: str) -> bool:
    """Whether `{{text}}` would be a placeholder: letters, digits and `_`, no digit first."""
    return re.fullmatch(_NAME, text) is not None


def placeholders(text: str) -> tuple[str, ...]:
    """The names that `text` asks for, each once, in order."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def tidy(text: str) -> str:
    """`{{ name }}` written as `{{name}}`, the only way the contract shows."""
    return _PLACEHOLDER.sub(r"{{\1}}", text)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """`text` with its placeholders filled; one without a value stays as it is.

    A value is never read as a template itself.
    """
    return _PLACEHOLDER.sub(lambda match: variables.get(match[1], match[0]), text)


def missing(text: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The placeholders that nothing, or nothing but blanks, would fill."""
    return tuple(name for name in placeholders(text) if not variables.get(name, "").strip())


def unused(text: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that `text` does not ask for: often a misspelt name."""
    wanted = placeholders(text)
    return tuple(name for name in variables if name not in wanted)


def has_braces(text: str) -> bool:
    """Whether `{{` or `}}` stands in a value, where it might be taken for a placeholder."""
    return "{{" in text or "}}" in text


def has_stray_braces(text: str) -> bool:
    """Whether `{{` or `}}` stands outside placeholders: it would be spoken."""
    return has_braces(_PLACEHOLDER.sub("", text))
