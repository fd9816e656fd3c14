"""The workspace as a person reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import (
    SlackServer,
    Workspace,
    render_channel,
    render_thread,
    render_view,
)
from bot.sandbox.slack.mrkdwn import read_mrkdwn
from tests.sandbox.slack.conftest import START
from tests.sandbox.slack.payload_parts import (
    Body,
    actions,
    button,
    field,
    home,
    modal,
    mrkdwn,
    option,
    plain,
    section,
)

SOON = int(START.timestamp()) + 5400
MRKDWN = {
    "marks are taken off": ("*bold* _it_ ~gone~ `2 * 3 * 4`", "bold it gone 2 * 3 * 4"),
    "marks inside words stay": ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
    "people and channels": ("<@U0BEN> in <#C0GENERAL|x>", "@Ben Carter in #general"),
    "links": ("<https://example.com|the menu> <tel:+14155550123|+1>", "the menu +1"),
    "ranges": ("<!here> <!subteam^S1|@cooks>", "@here @cooks"),
    "entities last": ("&lt;@U0BEN&gt; &amp;amp;", "<@U0BEN> &amp;"),
    "date": (f"at <!date^{SOON}^{{date_pretty}} {{time}}|later>", "at today 11:30"),
    "long date": (f"<!date^{SOON}^{{date_long}}|later>", "Monday, November 23rd, 2026"),
    "short date": (f"<!date^{SOON + 864000}^{{date_short_pretty}}|later>", "Dec 3, 2026"),
    "numbers": (
        f"<!date^{SOON}^{{date_num}} {{time_secs}} {{ago}}|x>",
        "2026-11-23 11:30:00 in 1 hour",
    ),
}


@pytest.mark.parametrize(("text", "read"), MRKDWN.values(), ids=MRKDWN)
def test_mrkdwn_is_read_as_people_do(workspace: Workspace, text: str, read: str) -> None:
    """Names, links, dates and entities are resolved, once."""
    assert read_mrkdwn(text, workspace, workspace.person("ana")) == read


def test_a_date_is_in_the_readers_own_zone(workspace: Workspace) -> None:
    """Ana reads London time, Priya the time in Mumbai."""
    text = (
        f"<!date^{int(datetime(2026, 11, 23, 20, 0, tzinfo=UTC).timestamp())}^{{date}} {{time}}|x>"
    )
    seen = [read_mrkdwn(text, workspace, workspace.person(who)) for who in ("ana", "priya")]
    assert seen == ["November 23rd, 2026 20:00", "November 24th, 2026 1:30 AM"]


async def test_a_thread_is_read_with_its_replies_and_edits(
    slack: SlackServer, web: AsyncWebClient, clock: PushedClock
) -> None:
    """Root in its newest state, replies indented, ephemeral ones for their reader alone."""
    blocks: list[Body] = [
        {"type": "header", "text": plain("Call to +1 ••• ••• 0123")},
        section("*ringing*", fields=[mrkdwn("*Asked by*\n<@U0BEN>")]),
        {"type": "context", "elements": [mrkdwn("attempt 1"), mrkdwn("free plan")]},
        actions(
            button("cancel", "Cancel call"),
            {"type": "overflow", "options": [option("d", "Details"), option("l", "Log")]},
        ),
    ]
    post = await web.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    root = post["ts"]
    await clock.advance(60)
    slack.user("ben").say("general", "Thanks, @ana!", thread_ts=root)
    await web.chat_postEphemeral(
        channel="C0GENERAL", user="U0ANA", text="the full number", thread_ts=root
    )
    blocks[1] = section("*answered*")
    await web.chat_update(channel="C0GENERAL", ts=root, text="x", blocks=blocks)
    assert render_thread(slack.workspace, "general", root, as_user="ana") == "\n".join(
        [
            "Echo  10:00",
            "  Call to +1 ••• ••• 0123",
            "  answered",
            "  attempt 1 · free plan",
            "  [Cancel call]  [⋯ Details | Log]",
            "    Ben Carter  10:01",
            "      Thanks, @Ana Torres!",
            "    Echo  10:01  (only visible to you)",
            "      the full number",
        ]
    )
    assert "full number" not in render_thread(slack.workspace, "general", root, as_user="ben")
    assert "Echo  3:30 PM" in render_thread(slack.workspace, "general", root, as_user="priya")


async def test_a_channel_is_read_from_the_top(slack: SlackServer, web: AsyncWebClient) -> None:
    """Title, then each message with its thread; an edited text says so."""
    post = await web.chat_postMessage(channel="C0GENERAL", text="one")
    await web.chat_update(channel="C0GENERAL", ts=post["ts"], text="uno")
    await web.reactions_add(channel="C0GENERAL", timestamp=post["ts"], name="phone")
    slack.user("ben").say("general", "two < three")
    assert render_channel(slack.workspace, "general", as_user="ana") == "\n".join(
        [
            "#general",
            "",
            "Echo  10:00",
            "  uno (edited)",
            "  :phone: 1",
            "",
            "Ben Carter  10:00",
            "  two < three",
        ]
    )


def test_a_form_is_read_with_values_hints_and_errors(workspace: Workspace) -> None:
    """Every input shows what it holds, or its placeholder."""
    radio: Body = {
        "type": "radio_buttons",
        "options": [option("text", "Text"), option("audio", "Recording")],
        "initial_option": option("audio", "Recording"),
    }
    view = workspace.views.open(
        "U0PRIYA",
        modal(
            field("to", {"type": "plain_text_input", "placeholder": plain("+44…")}),
            field("say", radio, hint=plain("What is played")),
            field("when", {"type": "datetimepicker", "initial_date_time": SOON}, optional=True),
            field("post", {"type": "conversations_select", "initial_conversation": "C0GENERAL"}),
            field("who", {"type": "multi_users_select", "initial_users": ["U0ANA", "U0BEN"]}),
            section("Ready?", accessory=button("preview", "Preview")),
            close=plain("Cancel"),
        ),
        origin=None,
    )
    view.errors = {"to": "Not a number."}
    assert render_view(workspace, view) == "\n".join(
        [
            "— Form —",
            "Label",
            "    [(+44…)]",
            "    ! Not a number.",
            "Label",
            "    ( ) Text",
            "    (x) Recording",
            "    What is played",
            "Label (optional)",
            "    [Nov 23, 2026 at 5:00 PM]",
            "Label",
            "    [#general]",
            "Label",
            "    [@Ana Torres, @Ben Carter]",
            "Ready?  [Preview]",
            "[Cancel]  [Send]",
        ]
    )


def test_all_blocks_of_the_safe_core_have_a_text(workspace: Workspace) -> None:
    """What cannot be shown says so."""
    leaves: list[Body] = [
        {"type": "text", "text": "by "},
        {"type": "user", "user_id": "U0ANA"},
        {"type": "channel", "channel_id": "C0GENERAL"},
        {"type": "link", "url": "https://example.com"},
        {"type": "emoji", "name": "phone"},
        {"type": "broadcast", "range": "here"},
        {"type": "date", "timestamp": SOON, "format": " {time}"},
    ]
    line: Body = {"type": "rich_text_section", "elements": leaves}
    cell: Body = {"type": "raw_text", "text": "a"}
    view = workspace.views.publish(
        "U0ANA",
        home(
            {"type": "divider"},
            {"type": "image", "alt_text": "a phone", "image_url": "https://example.com/a.png"},
            {
                "type": "rich_text",
                "elements": [
                    line,
                    {"type": "rich_text_list", "style": "ordered", "elements": [line]},
                    {"type": "rich_text_quote", "elements": leaves[:1]},
                ],
            },
            {"type": "table", "rows": [[cell, cell], [{"type": "raw_text", "text": "wide"}, cell]]},
            {"type": "markdown", "text": "one\ntwo"},
            {"type": "alert", "text": plain("Mind")},
            {"type": "video", "title": plain("V")},
        ),
    )
    inline = "by @Ana Torres#generalhttps://example.com:phone:@here 11:30"
    assert render_view(workspace, view).splitlines() == [
        "─" * 24,
        "(picture: a phone)",
        inline,
        f"1. {inline}",
        "> by ",
        "a     a",
        "wide  a",
        "one",
        "two",
        "! Mind",
        "(unsupported block: video)",
    ]
