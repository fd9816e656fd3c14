"""Blocks as lines of plain text, as a person would read them aloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.dates import show_date
from bot.sandbox.slack.form_values import initial_value, value_key
from bot.sandbox.slack.mrkdwn import name_of, read_mrkdwn
from bot.sandbox.slack.people import Person
from bot.sandbox.slack.workspace import Workspace

Block = Mapping[str, Any]
Values = Mapping[tuple[str, str], Mapping[str, Any]]
_RULE = "─" * 24


@dataclass(frozen=True, kw_only=True)
class BlockReader:
    """Renders blocks for one reader; `values` and `errors` are those of a form."""

    workspace: Workspace
    reader: Person
    values: Values = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def lines(self, blocks: Iterable[Block]) -> list[str]:
        """All blocks, top to bottom."""
        return [line for block in blocks for line in self._block(block)]

    def _block(self, block: Block) -> list[str]:
        kinds: dict[str, Callable[[Block], list[str]]] = {
            "header": lambda b: [self.text(b["text"])],
            "section": self._section,
            "context": lambda b: [" · ".join(self._context(e) for e in b["elements"])],
            "divider": lambda _: [_RULE],
            "actions": lambda b: ["  ".join(self._element(b, e) for e in b["elements"])],
            "image": lambda b: [f"(picture: {b['alt_text']})"],
            "input": self._input,
            "rich_text": lambda b: self._rich_text(b["elements"]),
            "table": self._table,
            "markdown": lambda b: str(b["text"]).splitlines(),
            "alert": lambda b: [f"! {self.text(b['text'])}"],
        }
        known = kinds.get(block["type"])
        return known(block) if known else [f"(unsupported block: {block['type']})"]

    def text(self, composed: Mapping[str, Any]) -> str:
        """A text object: mrkdwn resolved, plain text as it stands."""
        if composed["type"] == "mrkdwn":
            return read_mrkdwn(composed["text"], self.workspace, self.reader)
        return str(composed["text"])

    def _context(self, element: Mapping[str, Any]) -> str:
        if element["type"] == "image":
            return f"({element['alt_text']})"
        return self.text(element)

    def _section(self, block: Block) -> list[str]:
        lines = self.text(block["text"]).splitlines() if block.get("text") else []
        for entry in block.get("fields") or []:
            lines.append(": ".join(part.rstrip(":") for part in self.text(entry).split("\n", 1)))
        accessory = block.get("accessory")
        if accessory and lines:
            lines[-1] = f"{lines[-1]}  {self._element(block, accessory)}"
        return lines or [self._element(block, accessory or {"type": "nothing"})]

    def _element(self, block: Block, element: Mapping[str, Any]) -> str:
        kind = element["type"]
        if kind == "button":
            return f"[{self.text(element['text'])}]"
        if kind == "image":
            return f"({element['alt_text']})"
        if kind == "overflow":
            options = " | ".join(self.text(o["text"]) for o in element["options"])
            return f"[⋯ {options}]"
        return f"[{self.shown_value(block, element)} ▾]"

    def shown_value(self, block: Block, element: Mapping[str, Any]) -> str:
        """What an input shows: its value, or its placeholder."""
        key = (block.get("block_id", ""), element.get("action_id", ""))
        held = self.values.get(key) or initial_value(element)
        value = held.get(value_key(element["type"]))
        if value in (None, "", []):
            placeholder = element.get("placeholder")
            return f"({self.text(placeholder)})" if placeholder else ""
        several = value if isinstance(value, list) else [value]
        return ", ".join(self._value(element, one) for one in several)

    def _value(self, element: Mapping[str, Any], value: Any) -> str:
        if isinstance(value, dict):
            if value.get("type") == "rich_text":
                return " ".join(self._rich_text(value["elements"]))
            return self.text(value["text"]) if "text" in value else str(value.get("name", value))
        if element["type"] == "datetimepicker":
            now = self.workspace.clock.now()
            return show_date(int(value), "{date_short} at {time}", self.reader, now)
        if "users_select" in element["type"]:
            return f"@{name_of(self.workspace, value)}"
        channel = self.workspace.channels.get(value)
        return f"#{channel.name}" if channel and channel.name else str(value)

    def _input(self, block: Block) -> list[str]:
        element = block["element"]
        optional = " (optional)" if block.get("optional") else ""
        lines = [f"{self.text(block['label'])}{optional}", *self._answer(block, element)]
        if block.get("hint"):
            lines.append(f"    {self.text(block['hint'])}")
        error = self.errors.get(block.get("block_id", ""))
        return [*lines, f"    ! {error}"] if error else lines

    def _answer(self, block: Block, element: Mapping[str, Any]) -> list[str]:
        if element["type"] not in {"radio_buttons", "checkboxes"}:
            return [f"    [{line}]" for line in self.shown_value(block, element).split("\n")]
        chosen = self.shown_value(block, element).split(", ")
        texts = [self.text(option["text"]) for option in element["options"]]
        return [f"    ({'x' if text in chosen else ' '}) {text}" for text in texts]

    def _rich_text(self, elements: Iterable[Block]) -> list[str]:
        lines: list[str] = []
        for number, element in enumerate(elements):
            if element["type"] == "rich_text_list":
                ordered = element["style"] == "ordered"
                for index, item in enumerate(element["elements"], start=1):
                    sign = f"{index}." if ordered else "•"
                    lines.append(f"{sign} {self._leaves(item['elements'])}")
                continue
            sign = "> " if element["type"] == "rich_text_quote" else ""
            said = self._leaves(element["elements"]).strip("\n")
            if said or number == 0:
                lines += [f"{sign}{line}" for line in said.split("\n")]
        return lines

    def _leaves(self, leaves: Iterable[Block]) -> str:
        return "".join(self._leaf(leaf) for leaf in leaves)

    def _leaf(self, leaf: Block) -> str:
        kind = leaf["type"]
        if kind == "date":
            now = self.workspace.clock.now()
            return show_date(int(leaf["timestamp"]), leaf["format"], self.reader, now)
        if kind == "channel":
            channel = self.workspace.channels.get(leaf["channel_id"])
            return f"#{channel.name if channel else leaf['channel_id']}"
        shown: dict[str, Callable[[], str]] = {
            "text": lambda: leaf["text"],
            "link": lambda: leaf.get("text") or leaf["url"],
            "user": lambda: f"@{name_of(self.workspace, leaf['user_id'])}",
            "emoji": lambda: f":{leaf['name']}:",
            "broadcast": lambda: f"@{leaf['range']}",
        }
        return shown.get(kind, lambda: "")()

    def _table(self, block: Block) -> list[str]:
        rows = [[self._cell(cell) for cell in row] for row in block["rows"]]
        columns = max(len(row) for row in rows)
        widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(columns)]
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
            for row in rows
        ]

    def _cell(self, cell: Block) -> str:
        if cell["type"] == "rich_text":
            return " ".join(self._rich_text(cell["elements"]))
        return str(cell.get("text") or cell.get("value") or "")
