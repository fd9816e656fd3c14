"""Tying services and listeners to the adapters they are given; builds nothing from settings."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.ports import Clock, Timer
from bot.services.answer_messages import AnswerMessages
from bot.services.cancel_calls import CancelCalls
from bot.services.dispatch_calls import DispatchCalls
from bot.services.find_calls import FindCalls
from bot.services.keep_drafts import KeepDrafts
from bot.services.know_people import KnowPeople
from bot.services.pending_commands import PendingCommands
from bot.services.reconcile_calls import ReconcileCalls
from bot.services.record_event import RecordEvent
from bot.services.redial_calls import RedialCalls
from bot.services.request_calls import RequestCalls
from bot.slack.access import SlackAccess
from bot.slack.answers import HELLO
from bot.slack.directory import SlackDirectory
from bot.slack.notifier import OutboxSender
from bot.tasks import TaskSet
from bot.voice.callback import CallbackAddresses
from bot.voice.client import HttpVoiceService
from handlers.actions import Buttons
from handlers.commands import RobocallCommand
from handlers.events import SlackEvents
from handlers.forms import CallForms
from handlers.intake import CallIntake
from handlers.looking import LookingAtCalls
from handlers.people import Answers
from handlers.register import Listeners
from handlers.respond import Responder
from handlers.shortcuts import Shortcuts
from handlers.views import CallFormSubmitted
from storage.database import Database


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """What the services reach the world through; built by bot.app."""

    settings: Settings
    clock: Clock
    timer: Timer
    tasks: TaskSet
    store: Database
    voice: HttpVoiceService
    addresses: CallbackAddresses
    http: aiohttp.ClientSession
    client: AsyncWebClient
    sender: OutboxSender
    respond: Responder


@dataclass(frozen=True, kw_only=True)
class Services:
    """The verbs, tied to one store, one clock and one voice service."""

    requests: RequestCalls
    dispatch: DispatchCalls
    record: RecordEvent
    reconcile: ReconcileCalls
    cancels: CancelCalls
    redials: RedialCalls
    find: FindCalls
    people: KnowPeople
    access: SlackAccess


def tie_services(on: Adapters) -> Services:
    """The services, told of each other's news."""
    store, clock, voice, tasks = on.store, on.clock, on.voice, on.tasks
    deployment, tell = on.settings.deployment, on.sender.wake
    cancels = CancelCalls(
        store=store,
        clock=clock,
        voice=voice,
        tasks=tasks,
        deployment=deployment,
        messages_waiting=tell,
        line_freed=lambda: dispatch.wake(),  # noqa: PLW0108 - dispatch is built after it
    )

    def changed() -> None:
        tell()
        cancels.ask_for_pending()

    dispatch = DispatchCalls(
        store=store,
        clock=clock,
        voice=voice,
        deployment=deployment,
        tasks=tasks,
        new_token=lambda: secrets.token_bytes(16),
        changed=changed,
        look_again_at=lambda at: on.timer.once_at(at, dispatch.wake, name="next_due"),
    )
    record = RecordEvent(
        store=store,
        clock=clock,
        deployment=deployment,
        line_freed=dispatch.wake,
        messages_waiting=tell,
        cancel_pending=cancels.ask_for_pending,
        cancel_second=cancels.cancel_second,
    )
    reconcile = ReconcileCalls(
        store=store,
        clock=clock,
        voice=voice,
        deployment=deployment,
        record=record,
        tasks=tasks,
        changed=tell,
    )
    return Services(
        requests=RequestCalls(store=store, clock=clock, deployment=deployment, wake=dispatch.wake),
        dispatch=dispatch,
        record=record,
        reconcile=reconcile,
        cancels=cancels,
        redials=RedialCalls(store=store, clock=clock, wake=dispatch.wake, messages_waiting=tell),
        find=FindCalls(store=store),
        people=KnowPeople(store=store, clock=clock, directory=SlackDirectory(on.client, clock)),
        access=SlackAccess(client=on.client, pause=dispatch.pause, resume=dispatch.resume),
    )


def tie_listeners(on: Adapters, services: Services) -> Listeners:
    """Slack's deliveries, tied to the services."""
    store, clock, tasks, tell = on.store, on.clock, on.tasks, on.sender.wake
    people, deployment = services.people, on.settings.deployment
    answers = Answers(people=people, tasks=tasks, respond=on.respond)
    looking = LookingAtCalls(find=services.find, cancels=services.cancels, clock=clock)
    intake = CallIntake(
        requests=services.requests, clock=clock, deployment=deployment, messages_waiting=tell
    )
    forms = CallForms(
        client=on.client,
        people=people,
        drafts=KeepDrafts(store=store, clock=clock),
        tasks=tasks,
        respond=on.respond,
        clock=clock,
    )
    return Listeners(
        command=RobocallCommand(
            intake=intake,
            forms=forms,
            looking=looking,
            answers=answers,
            people=people,
            pending=PendingCommands(store=store, clock=clock, messages_waiting=tell),
            tasks=tasks,
            default_region=deployment.default_region,
        ),
        form=CallFormSubmitted(intake=intake),
        buttons=Buttons(
            looking=looking,
            redials=services.redials,
            intake=intake,
            forms=forms,
            answers=answers,
            clock=clock,
        ),
        shortcuts=Shortcuts(forms=forms),
        answers=answers,
        events=SlackEvents(
            client=on.client,
            find=services.find,
            hello=AnswerMessages(store=store, clock=clock, text=HELLO, messages_waiting=tell),
            people=people,
            clock=clock,
            tasks=tasks,
            shut_out=services.access.shut_out,
        ),
    )
