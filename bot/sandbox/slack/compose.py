"""What Slack's clients make of typed text before anybody else sees it (slack-facts 2.7)."""

from __future__ import annotations

import re

from bot.sandbox.slack.workspace import Workspace

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile(
    r"(?P<url>https?://[^\s<>]*[^\s<>.,;:!?)\]'\"])"
    r"|@(?P<range>here|channel|everyone)\b"
    r"|@(?P<person>[a-z0-9._-]*[a-z0-9])"
    r"|#(?P<channel>[a-z0-9_-]+)"
    r"|(?P<entity>[&<>])"
)
_NUMBER = re.compile(r"(?<![\w/:.=])\+\d[\d ()-]{6,}\d")


def escape(text: str) -> str:
    """Turn & < > into entities, as Slack does with everything people type."""
    return re.sub("[&<>]", lambda found: _ENTITIES[found.group()], text)


def compose(text: str, workspace: Workspace, *, with_names: bool) -> str:
    """Mentions, channels and links in angle brackets, the rest escaped.

    With `with_names` they carry their names too, as in a slash command with `should_escape`.
    """

    def replace(found: re.Match[str]) -> str:
        if found["url"]:
            return f"<{escape(found['url'])}>"
        if found["range"]:
            return f"<!{found['range']}>"
        if found["entity"]:
            return _ENTITIES[found["entity"]]
        return _reference(found, workspace, with_names=with_names)

    return _SPECIAL.sub(replace, text)


def _reference(found: re.Match[str], workspace: Workspace, *, with_names: bool) -> str:
    try:
        if found["person"]:
            person = workspace.person(found["person"])
            sign, identity, name = "@", person.user_id, person.name
        else:
            channel = workspace.channel(found["channel"])
            sign, identity, name = "#", channel.channel_id, channel.name
    except KeyError:
        return found.group()
    return f"<{sign}{identity}|{name}>" if with_names else f"<{sign}{identity}>"


def typed_on_a_phone(text: str) -> str:
    """What a phone's keyboard makes of the text: curly quotes and a non-breaking space."""
    opened = re.sub(r'(^|[\s=(])"', "\\1\u201c", text)
    return opened.replace('"', "\u201d").replace("'", "\u2019").replace(" - ", " \u2014 ")


def link_numbers(text: str) -> str:
    """Phone numbers as some clients link them: `<tel:+14155550123|+1 415 555 0123>`."""

    def link(found: re.Match[str]) -> str:
        shown = found.group()
        return f"<tel:+{re.sub(r'[^0-9]', '', shown)}|{shown}>"

    return _NUMBER.sub(link, text)
