"""Rules over all blocks of a payload at once: ids that repeat, one table, one focus (2.1, 2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.sandbox.slack.checks import problem

MAX_MARKDOWN = 12_000


def elements_of(
    block: Mapping[str, Any], pointer: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The elements a person can use in a block, each with its JSON pointer."""
    for slot in ("accessory", "element"):
        if isinstance(block.get(slot), dict):
            yield f"{pointer}/{slot}", block[slot]
    for slot in ("elements", "actions"):
        if block.get("type") in {"actions", "card"}:
            for index, element in enumerate(block.get(slot) or []):
                yield f"{pointer}/{slot}/{index}", element


def _nested(block: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    slots = {"carousel": "elements", "container": "child_blocks"}
    slot = slots.get(str(block.get("type")))
    for index, inner in enumerate(block.get(slot) or [] if slot else []):
        yield f"{pointer}/{slot}/{index}", inner


def every_block(blocks: Iterable[Any], pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All blocks with their JSON pointers, those inside carousels and containers included."""
    for index, block in enumerate(blocks):
        place = f"{pointer}/{index}"
        yield place, block
        yield from _nested(block, place)


def check_whole(blocks: list[dict[str, Any]], pointer: str) -> Iterator[str]:
    """The problems that only show when all blocks are seen together."""
    placed = list(every_block(blocks, pointer))
    yield from _repeated_block_ids(placed)
    for place, block in placed:
        yield from _repeated_action_ids(block, place)
    yield from _one_focus(placed)
    yield from _one_table(placed)
    markdown = sum(len(block["text"]) for _, block in placed if block["type"] == "markdown")
    if markdown > MAX_MARKDOWN:
        yield problem(pointer, f"markdown must be less than {MAX_MARKDOWN + 1} characters in all")


def _repeated_block_ids(placed: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    seen: set[str] = set()
    for place, block in placed:
        block_id = block.get("block_id")
        if block_id in seen:
            yield problem(f"{place}/block_id", f"`block_id` {block_id} already exists")
        if block_id:
            seen.add(block_id)


def _repeated_action_ids(block: dict[str, Any], place: str) -> Iterator[str]:
    seen: set[str] = set()
    for pointer, element in elements_of(block, place):
        action_id = element.get("action_id")
        if action_id in seen:
            yield problem(f"{pointer}/action_id", f"`action_id` {action_id} already exists")
        if action_id:
            seen.add(action_id)


def _one_focus(placed: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    focused = [
        pointer
        for place, block in placed
        for pointer, element in elements_of(block, place)
        if element.get("focus_on_load") is True
    ]
    for pointer in focused[1:]:
        yield problem(f"{pointer}/focus_on_load", "only one element may be focused on load")


def _one_table(placed: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    tables = [place for place, block in placed if block["type"] == "table"]
    for place in tables[1:]:
        yield problem(place, "only_one_table_allowed")
