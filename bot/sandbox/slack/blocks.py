"""Walking over blocks: ids that Slack gives, the elements a person can use, their words."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.sandbox.slack.whole_rules import elements_of, every_block

SILENT = {"image"}
"""Elements that nobody can use."""


def with_ids(blocks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy of the blocks in which every block and every usable element has an id."""
    copied = copy.deepcopy(list(blocks))
    for _, block in every_block(copied, ""):
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for _, element in elements_of(block):
            if element.get("type") not in SILENT:
                element.setdefault("action_id", secrets.token_urlsafe(4))
    return copied


def usable(blocks: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every (block, element) that a person can use, in reading order."""
    for _, block in every_block(blocks, ""):
        for _, element in elements_of(block):
            if element.get("type") not in SILENT:
                yield block, element


def label_of(element: Mapping[str, Any]) -> str:
    """The words on a button; empty for other elements."""
    return str((element.get("text") or {}).get("text", ""))


def _names(block: Mapping[str, Any], element: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return element.get("action_id"), label_of(element), block.get("block_id")


def find_element(
    blocks: Iterable[dict[str, Any]], what: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The block and element with that action_id, that block_id or that button text.

    Raises `LookupError` that names what there is, so that a failing test explains itself.
    """
    there = list(usable(blocks))
    for kind_of_name in range(3):
        for block, element in there:
            if _names(block, element)[kind_of_name] == what:
                return block, element
    names = [label_of(element) or element.get("action_id") for _, element in there]
    message = f"nothing called {what!r} here, only {names}"
    raise LookupError(message)
