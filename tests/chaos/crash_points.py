"""Where the bot can be killed: before and after each commit, and each call to the outside.

The product knows nothing of this: the process that is to die wraps one of these functions and
kills itself, as `kill -9` does, the n-th time that it comes by (fault-catalogue 3.2 and 6).
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Point:
    """A function of the product, and whether the process dies before it or when it is done."""

    where: str  # module:Name or module:Class.name, as the caller looks it up
    when: str = "after"
    only_if_given: str = ""  # one of the arguments must be this text


_BYTES_LEAVE = "http11.send_request_headers.started"
_SERVICES = "bot.services"

POINTS = {
    "request.before_commit": Point(where=f"{_SERVICES}.request_calls:RequestCalls._add"),
    "request.after_commit": Point(where=f"{_SERVICES}.request_calls:RequestCalls.request"),
    "claim.before_commit": Point(where=f"{_SERVICES}.dispatch_calls:DispatchCalls._take"),
    "claim.after_commit": Point(
        where=f"{_SERVICES}.dispatch_calls:DispatchCalls._dial", when="before"
    ),
    "mark.before_commit": Point(where=f"{_SERVICES}.dispatch_calls:mark_sending"),
    "mark.after_commit": Point(where="bot.voice.client:LateMark.trace", only_if_given=_BYTES_LEAVE),
    "answer.before_read": Point(where="bot.voice.client:_read", when="before"),
    "answer.after_read": Point(where="bot.voice.client:HttpVoiceService.place_call"),
    "settle.before_commit": Point(where=f"{_SERVICES}.dispatch_calls:settle"),
    "settle.after_commit": Point(where=f"{_SERVICES}.dispatch_calls:DispatchCalls._write_down"),
    "webhook.before_commit": Point(where=f"{_SERVICES}.record_event:RecordEvent._take"),
    "webhook.after_commit": Point(where=f"{_SERVICES}.record_event:RecordEvent.record"),
    "outbox.before_post": Point(where="bot.slack.post_office:PostOffice.post", when="before"),
    "outbox.after_post": Point(where="bot.slack.post_office:PostOffice.post"),
    "outbox.after_edit": Point(where="bot.slack.post_office:PostOffice.edit"),
    "outbox.after_save": Point(where="bot.slack.courier:Courier.carry"),
    "commit.before": Point(where="storage.writer:Writer._commit", when="before"),
    "commit.after": Point(where="storage.writer:Writer._commit"),
    # these need something to recover, so they come after another crash
    "recover.before_commit": Point(where=f"{_SERVICES}.reconcile_calls:settle"),
    "recover.after_commit": Point(where=f"{_SERVICES}.reconcile_calls:ReconcileCalls.recover"),
}


def arm(name: str, hits: int) -> None:
    """From now on this process dies at the `hits`-th time it comes to that point."""
    point = POINTS[name]
    owner, attribute = find(point.where)
    left = [hits]

    def passing(arguments: tuple[Any, ...]) -> None:
        if point.only_if_given and point.only_if_given not in arguments:
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, attribute, _wrapped(getattr(owner, attribute), point.when, passing))


def find(where: str) -> tuple[Any, str]:
    """The owner of a function and its name there; it must exist."""
    module, _, path = where.partition(":")
    owner: Any = importlib.import_module(module)
    *inside, attribute = path.split(".")
    for name in inside:
        owner = getattr(owner, name)
    return owner, attribute


def _wrapped(
    work: Callable[..., Any], when: str, passing: Callable[[tuple[Any, ...]], None]
) -> Callable[..., Any]:
    @wraps(work)
    async def later(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            passing(args)
        value = await work(*args, **kwargs)
        if when == "after":
            passing(args)
        return value

    @wraps(work)
    def at_once(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            passing(args)
        value = work(*args, **kwargs)
        if when == "after":
            passing(args)
        return value

    return later if inspect.iscoroutinefunction(work) else at_once
