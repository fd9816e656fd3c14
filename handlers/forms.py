"""The call form: opened, kept up to date while somebody types, never losing a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.draft import CallDraft, needs_zone
from bot.domain.when import InvalidTime, parse_when
from bot.ports import Clock, Tasks
from bot.services.keep_drafts import KeepDrafts
from bot.services.know_people import KnowPeople
from bot.slack import ids
from bot.slack.answers import form_expired
from bot.slack.modals import call_form, form_channel
from bot.slack.troubles import SlackTrouble, asked
from handlers.call_form import draft_from_view
from handlers.people import Respond, zone_of

log = structlog.get_logger(__name__)

WITHIN = timedelta(seconds=10)
HIDDEN_BY_TURNS = (ids.MESSAGE, ids.AUDIO_URL)
"""Fields of which only one is on screen; the other's words are kept meanwhile."""


class CallForms:
    """Opens and updates call forms in the background: a trigger lives three seconds."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        people: KnowPeople,
        drafts: KeepDrafts,
        tasks: Tasks,
        respond: Respond,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._client = client
        self._people = people
        self._drafts = drafts
        self._tasks = tasks
        self._respond = respond
        self._newest: dict[str, Mapping[str, Any]] = {}

    def open(self, body: Mapping[str, Any], *, draft: CallDraft | None = None) -> None:
        """Open the form for the person behind a command, button or shortcut."""
        self._tasks.start(self._open(body, draft or CallDraft()), name="forms.open")

    async def _open(self, body: Mapping[str, Any], draft: CallDraft) -> None:
        user_id, channel = whose(body)
        known = await self._people.remembered(user_id)
        if known is None and needs_zone(draft):
            known = await self._people.ask_again(user_id)
        zone = zone_of(known)
        view = call_form(self._with_moment(draft, zone), channel=channel, zone=zone)
        try:
            trigger_id = str(body.get("trigger_id"))
            await asked(self._client.views_open(trigger_id=trigger_id, view=view), deadline=WITHIN)
        except SlackTrouble as trouble:
            log.warning("form.not_opened", error=trouble.error)
            if body.get("response_url"):
                await self._respond(str(body["response_url"]), form_expired())
        # for the next time: the zone is then in the form, and known to the command line
        await self._people.profile(user_id)

    def _with_moment(self, draft: CallDraft, zone: ZoneInfo | None) -> CallDraft:
        """A typed time as the form's picker shows it; one without meaning is left out."""
        if not isinstance(draft.when, str) or not draft.when:
            return draft
        try:
            return replace(draft, when=parse_when(draft.when, now=self._clock.now(), zone=zone))
        except InvalidTime:
            return replace(draft, when=None)

    def changed(self, view: Mapping[str, Any], user_id: str) -> None:
        """Somebody typed or chose: show it, the newest state only if they are quick."""
        view_id = str(view["id"])
        is_busy = view_id in self._newest
        self._newest[view_id] = view
        if not is_busy:
            self._tasks.start(self._update(view_id, user_id), name="forms.update")

    async def _update(self, view_id: str, user_id: str) -> None:
        try:
            shown: Mapping[str, Any] | None = None
            while (view := self._newest[view_id]) is not shown:
                await self._show(view, user_id)
                shown = view
        finally:
            del self._newest[view_id]

    async def _show(self, view: Mapping[str, Any], user_id: str) -> None:
        kept = await self._drafts.merge(str(view["id"]), typed_by_turns(view))
        draft = replace(
            draft_from_view(view),
            message=kept.get(ids.MESSAGE, ""),
            audio_url=kept.get(ids.AUDIO_URL, ""),
        )
        known = await self._people.remembered(user_id)
        form = call_form(draft, channel=form_channel(view), zone=zone_of(known))
        try:
            # Without the view's hash: somebody quick clicks before our last update shows, and
            # Slack would refuse that click's own update for good. We send them in order.
            update = self._client.views_update(view_id=str(view["id"]), view=form)
            await asked(update, deadline=WITHIN)
        except SlackTrouble as trouble:
            log.info("form.not_updated", error=trouble.error)


def typed_by_turns(view: Mapping[str, Any]) -> dict[str, str]:
    """What the fields that hide each other say now, as far as they are on screen."""
    values = view.get("state", {}).get("values", {})
    return {
        name: str(values[name][ids.VALUE].get("value") or "")
        for name in HIDDEN_BY_TURNS
        if name in values and ids.VALUE in values[name]
    }


def whose(body: Mapping[str, Any]) -> tuple[str, str]:
    """User and channel of a command (flat fields) or an interaction (nested ones)."""
    user = body.get("user_id") or body.get("user", {}).get("id", "")
    channel = body.get("channel_id") or body.get("channel", {}).get("id", "")
    return str(user), str(channel)
