"""The fields of a form: one input block each, named by its block_id (design.md 3.5)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.blocks import Block, plain
from bot.slack.ids import VALUE
from bot.slack.text import clean, cut

MAX_INPUT = 3000
MAX_HINT = 2000

_AS_TYPED: Block = {"trigger_actions_on": ["on_character_entered"]}


def field(
    block_id: str,
    label: str,
    element: Block,
    *,
    hint: str = "",
    is_optional: bool = True,
    is_live: bool = False,
) -> Block:
    """An input; a `is_live` one tells us of every change while the form is open."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, MAX_HINT),
        "element": {**element, "action_id": VALUE},
        "optional": is_optional,
    }
    block |= {"hint": plain(hint, MAX_HINT)} if hint else {}
    return block | ({"dispatch_action": True} if is_live else {})


def text_input(
    *,
    initial: str,
    placeholder: str,
    most: int = MAX_INPUT,
    is_multiline: bool = False,
    is_live: bool = False,
) -> Block:
    """A field to type into."""
    element: Block = {
        "type": "plain_text_input",
        "multiline": is_multiline,
        "max_length": most,
        "placeholder": plain(placeholder, 150),
    }
    if initial:
        element["initial_value"] = cut(clean(initial), most)
    return element | ({"dispatch_action_config": _AS_TYPED} if is_live else {})


def number_input(*, initial: str, least: int, most: int) -> Block:
    """A whole number; an `initial` that is none is left out."""
    element: Block = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": str(least),
        "max_value": str(most),
    }
    is_number = initial.isascii() and initial.isdecimal()
    return element | ({"initial_value": initial} if is_number else {})


def one_of(kind: str, options: Sequence[Block], *, initial: str) -> Block:
    """`static_select` or `radio_buttons`; the first option if `initial` is none of them."""
    chosen = next((each for each in options if each["value"] == initial), options[0])
    return {"type": kind, "options": list(options), "initial_option": chosen}


def some_of(options: Sequence[Block], *, initial: Sequence[str]) -> Block:
    """Checkboxes; Slack takes no empty list of ticked ones."""
    ticked = [each for each in options if each["value"] in initial]
    element: Block = {"type": "checkboxes", "options": list(options)}
    return element | ({"initial_options": ticked} if ticked else {})
