"""The call form comes back: store the call, or show what is wrong at its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.errors import InvalidRequest
from bot.slack import ids
from bot.slack.modals import form_channel
from handlers.call_form import draft_from_view
from handlers.intake import Asked, CallIntake


class CallFormSubmitted:
    """`view_submission` of `call_form`; the view id names the delivery (one form, one call)."""

    def __init__(self, *, intake: CallIntake) -> None:
        self._intake = intake

    async def handle(self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        """Check, store, close the form; or leave it open with an error at each wrong field."""
        asked = Asked(
            user_id=str(body["user"]["id"]),
            channel=form_channel(view) or str(body["user"]["id"]),
            dedupe_key=f"view:{view['id']}",
            response_url=_response_url(body),
            is_form=True,
        )
        try:
            await self._intake.take(draft_from_view(view), asked, zone=None)
        except InvalidRequest as error:
            await ack(response_action="errors", errors=at_fields(error.problems, view))
        else:
            await ack()


def at_fields(problems: Mapping[str, str], view: Mapping[str, Any]) -> dict[str, str]:
    """The problems under the fields that are on screen.

    Slack refuses an error for a block that is not there, so such a problem goes to the
    number's field, with its name.
    """
    shown = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    errors = {name: text for name, text in problems.items() if name in shown}
    for name, text in problems.items():
        if name not in shown:
            errors[ids.TO] = " ".join(filter(None, [errors.get(ids.TO), f"{name}: {text}"]))
    return errors


def _response_url(body: Mapping[str, Any]) -> str:
    urls = body.get("response_urls") or []
    return str(urls[0].get("response_url") or "") if urls else ""
