"""The rules of rich text and of tables: pure checks (slack-facts 2.2)."""

from __future__ import annotations

from bot.sandbox.slack.checks import (
    Check,
    anything,
    boolean,
    by_type,
    choice,
    fields,
    identifier,
    integer,
    list_of,
    string,
)

MAX_RICH_TEXT = 3000
MAX_LEAVES = 1000
MAX_ROWS = 100
MAX_COLUMNS = 20

_STYLES = (
    "bold",
    "italic",
    "strike",
    "code",
    "underline",
    "highlight",
    "client_highlight",
    "unlink",
)
_style: Check = fields({}, dict.fromkeys(_STYLES, boolean))


def _leaf(**required: Check) -> Check:
    return fields({"type": anything, **required}, {"style": _style})


_leaves: dict[str, Check] = {
    "text": _leaf(text=string(most=MAX_RICH_TEXT)),
    "user": _leaf(user_id=identifier),
    "usergroup": _leaf(usergroup_id=identifier),
    "channel": _leaf(channel_id=identifier),
    "broadcast": _leaf(range=choice("here", "channel", "everyone")),
    "color": _leaf(value=string(most=20)),
    "emoji": fields(
        {"type": anything, "name": string(most=100)},
        {"unicode": string(most=100), "skin_tone": integer(least=1, most=6), "style": _style},
    ),
    "link": fields(
        {"type": anything, "url": string(most=3000)},
        {"text": string(most=MAX_RICH_TEXT, least=0), "unsafe": boolean, "style": _style},
    ),
    "date": fields(
        {
            "type": anything,
            "timestamp": integer(least=0, most=9_999_999_999),
            "format": string(most=255),
        },
        {"url": string(most=3000), "fallback": string(most=255), "style": _style},
    ),
}
_line: Check = list_of(by_type(_leaves), least=0, most=MAX_LEAVES)
_border: dict[str, Check] = {"border": integer(least=0, most=1)}
_section: Check = fields({"type": anything, "elements": _line})

RICH_TEXT: Check = fields(
    {
        "type": anything,
        "elements": list_of(
            by_type(
                {
                    "rich_text_section": _section,
                    "rich_text_quote": fields({"type": anything, "elements": _line}, _border),
                    "rich_text_preformatted": fields(
                        {"type": anything, "elements": _line},
                        {**_border, "language": string(most=50)},
                    ),
                    "rich_text_list": fields(
                        {
                            "type": anything,
                            "style": choice("bullet", "ordered"),
                            "elements": list_of(
                                by_type({"rich_text_section": _section}), most=MAX_LEAVES
                            ),
                        },
                        {
                            **_border,
                            "indent": integer(least=0, most=8),
                            "offset": integer(least=0, most=10_000),
                        },
                    ),
                }
            ),
            most=MAX_LEAVES,
        ),
    },
    {"block_id": identifier},
)

_cell: Check = by_type(
    {
        "raw_text": fields({"type": anything, "text": string(most=MAX_RICH_TEXT)}),
        "raw_number": fields({"type": anything, "value": anything}, {"text": string(most=100)}),
        "rich_text": RICH_TEXT,
    }
)
TABLE: Check = fields(
    {
        "type": anything,
        "rows": list_of(list_of(_cell, most=MAX_COLUMNS), most=MAX_ROWS),
    },
    {
        "block_id": identifier,
        "column_settings": list_of(
            fields({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean}),
            least=0,
            most=MAX_COLUMNS,
        ),
    },
)
