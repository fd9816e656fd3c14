"""From a draft to a stored call and the words that answer it: one way for line and form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bot.domain.call import CallRequest
from bot.domain.deployment import Deployment
from bot.domain.draft import CallDraft, check_draft
from bot.ports import Clock
from bot.services.request_calls import AlreadyRequested, AskedBefore, RequestCalls, Requested
from bot.slack.answers import asked_before, asked_later, asked_now
from bot.slack.blocks import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who asks, where, and which delivery of Slack's it was.

    `is_form`: sending a form is deliberate, so the same call twice is meant.
    """

    user_id: str
    channel: str
    dedupe_key: str
    response_url: str = ""
    is_form: bool = False


class CallIntake:
    """Checks a draft and has it stored."""

    def __init__(
        self,
        *,
        requests: RequestCalls,
        clock: Clock,
        deployment: Deployment,
        messages_waiting: Callable[[], None],
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._deployment = deployment
        self._messages_waiting = messages_waiting

    async def take(self, draft: CallDraft, asked: Asked, *, zone: ZoneInfo | None) -> Message:
        """Store the call that `draft` means and answer in words.

        Raises InvalidRequest (nothing is stored) and StoreUnavailable (nothing was saved).
        """
        request = self._check(draft, asked, zone=zone)
        answer = await self._requests.request(
            request,
            dedupe_key=asked.dedupe_key,
            response_url=asked.response_url,
            is_deliberate=asked.is_form,
        )
        self._messages_waiting()
        return self._in_words(answer, zone=zone)

    async def take_twin(self, call_id: int, asked: Asked) -> Message | None:
        """The person says that they mean it: the same once more; None if it is not theirs."""
        answer = await self._requests.request_twin(
            call_id,
            by=asked.user_id,
            dedupe_key=asked.dedupe_key,
            response_url=asked.response_url,
        )
        self._messages_waiting()
        return self._in_words(answer, zone=None) if answer else None

    def _check(self, draft: CallDraft, asked: Asked, *, zone: ZoneInfo | None) -> CallRequest:
        placed = draft if draft.post else replace(draft, post=asked.channel)
        return check_draft(
            placed,
            requested_by=asked.user_id,
            now=self._clock.now(),
            zone=zone,
            default_region=self._deployment.default_region,
        )

    def _in_words(
        self, answer: Requested | AlreadyRequested | AskedBefore, *, zone: ZoneInfo | None
    ) -> Message:
        if isinstance(answer, AskedBefore):
            return asked_before(answer.call, int(answer.ago.total_seconds()))
        now = self._clock.now()
        due_at = answer.call.request.due_at
        if due_at and due_at > now:
            return asked_later(answer.call, zone=zone or ZoneInfo("UTC"), now=now)
        return asked_now(answer.call)
