"""What `/robocall help` answers: the whole command on one screen, or one subcommand."""

from __future__ import annotations

from bot.slack.blocks import Block, Message, code, header, line, rich_text
from bot.slack.pieces import Bold, Pieces, to_mrkdwn
from bot.slack.text import one_line

PROMISE = (
    'One request rings one phone at most once, unless a person presses "Call again" or a retry'
    " rule they chose says so, even if the bot is killed at any instant, the line to the voice"
    " service drops, or Slack repeats itself. Every request ends in a state you can see; none"
    " disappears. When we cannot know whether a call was placed, we say so, do not call again, and"
    " correct the message ourselves when news arrives."
)
"""Word for word as in the README (design.md 2)."""

_CALL = """\
/robocall
/robocall +14155550123 Your table is ready
/robocall +14155550123 "Hello {{name}}, see you at {{time}}" name=Ann time="2:30 PM"
/robocall +14155550123 audio=https://example.com/reminder.mp3
/robocall +14155550123 "Press 1 to confirm" key="1 Confirm: Thank you!" goal=1
/robocall +14155550123 Wake up at="tomorrow 9:00" retries=2 retry_delay=10"""

_OPTIONS = """\
at           when: 18:30, "tomorrow 9:00", "fri 14:00", "in 30m", 2026-11-24T09:00Z
key          a key and its meaning: key="1 Confirm: Thank you!"; may be repeated
goal         what counts as success: answered, any_key, or a digit
retries      how often to try again, 0 to 3
retry_delay  minutes between tries, 5 unless you say so; 0 is at once
retry_on     after what: busy,no_answer,voicemail,failed (busy,no_answer)
audio        an https address of a recording, in place of a message
voice, language, caller_id    how it sounds, and the number they see
post         the channel for the card
any other word=value fills {{word}} in the message; var:voice=... fills {{voice}}"""

_MANAGE = """\
/robocall list [scheduled|active|done]    my calls; admins see everybody's
/robocall status ID                       how a call is
/robocall cancel ID                       stop a call
/robocall help [call|list|status|cancel]  this text, or more about one command"""

_TOPICS: dict[str, tuple[str, str, Pieces]] = {
    "call": (
        "Call somebody",
        f"{_CALL}\n\n{_OPTIONS}",
        [
            "Alone, /robocall opens a form. Times are read in your own Slack time zone and told"
            " back to you in words. The number needs its + and country code."
        ],
    ),
    "list": (
        "List calls",
        "/robocall list\n/robocall list scheduled\n/robocall list active\n/robocall list done",
        ["Your calls, newest first; admins see everybody's. Only you see the answer."],
    ),
    "status": (
        "How is a call?",
        "/robocall status 12\n/robocall status robo_abc123def456",
        ["ID is the number in the list, or the voice service's own id of the call."],
    ),
    "cancel": (
        "Stop a call",
        "/robocall cancel 12\n/robocall cancel robo_abc123def456",
        [
            "A call that was not dialled yet never will be. One that was handed over is cancelled"
            " at the voice service if it has not started; the thread says what came of it."
        ],
    ),
}


def help_text(topic: str = "") -> Message:
    """Help about one subcommand, or about everything if `topic` is none of them."""
    known = _TOPICS.get(one_line(topic).lower())
    if known is None:
        return _everything(topic)
    title, commands, words = known
    end = "" if title.endswith("?") else "."
    text = to_mrkdwn([f"{title}{end} Write {commands.splitlines()[0]}. ", *words])
    return Message(text=text, blocks=(header(title), rich_text(code(commands)), _paragraph(words)))


def _everything(topic: str) -> Message:
    unknown = f"There is no help about “{one_line(topic)[:40]}”. " if _is_other(topic) else ""
    intro: Pieces = [f"{unknown}Robocall rings people and shows the whole call in one thread."]
    blocks = (
        header("Robocall help"),
        _paragraph(intro),
        rich_text(line([Bold("Call somebody")]), code(_CALL)),
        rich_text(line([Bold("Options")]), code(_OPTIONS)),
        rich_text(line([Bold("Manage calls")]), code(_MANAGE)),
        rich_text(line([Bold("The promise")]), line(["\n", PROMISE])),
    )
    text = (
        "Robocall help: /robocall opens a form; /robocall +14155550123 Your table is ready calls"
        f" at once; also list, status ID, cancel ID. {PROMISE}"
    )
    return Message(text=text, blocks=blocks)


def _is_other(topic: str) -> bool:
    return one_line(topic).lower() not in {"", "help"}


def _paragraph(words: Pieces) -> Block:
    return rich_text(line(words))
