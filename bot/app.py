"""The composition root: the only place that builds adapters and ties them together."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.ports import Clock, Timer, Transaction
from bot.scheduler import Scheduler, SystemClock
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
from bot.slack.directory import SlackDirectory
from bot.slack.notifier import OutboxSender
from bot.slack.post_office import SLACK_HOOKS, PostOffice
from bot.tasks import TaskSet
from bot.voice.callback import CallbackAddresses
from bot.voice.client import HttpVoiceService, Timeouts
from bot.voice.keypress import parse_keypress
from bot.voice.wire import parse_webhook
from handlers.actions import Buttons
from handlers.commands import RobocallCommand
from handlers.events import SlackEvents
from handlers.forms import CallForms
from handlers.http import Health, Readiness, SlackOverHttp
from handlers.intake import CallIntake
from handlers.looking import LookingAtCalls
from handlers.people import Answers
from handlers.register import Listeners, register
from handlers.respond import Responder
from handlers.shortcuts import Shortcuts
from handlers.verifier import SlackVerifier
from handlers.views import CallFormSubmitted
from handlers.webhooks import VoiceWebhooks
from storage.database import Database

CALLBACK_KEY = "callback_key"
CALLBACK_KEY_ID = "1"
INSTALLATION = "installation"


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


def build_services(
    settings: Settings,
    *,
    store: Database,
    clock: Clock,
    timer: Timer,
    tasks: TaskSet,
    voice: HttpVoiceService,
    sender: OutboxSender,
    client: AsyncWebClient,
) -> Services:
    """Tie the services together."""
    deployment = settings.deployment
    cancels = CancelCalls(
        store=store,
        clock=clock,
        voice=voice,
        tasks=tasks,
        messages_waiting=sender.wake,
        line_freed=lambda: dispatch.wake(),  # noqa: PLW0108 - dispatch is built after it
    )

    def changed() -> None:
        sender.wake()
        cancels.ask_for_pending()

    dispatch = DispatchCalls(
        store=store,
        clock=clock,
        voice=voice,
        deployment=deployment,
        tasks=tasks,
        new_token=lambda: secrets.token_bytes(16),
        changed=changed,
        look_again_at=lambda at: timer.once_at(at, dispatch.wake, name="next_due"),
    )
    record = RecordEvent(
        store=store,
        clock=clock,
        deployment=deployment,
        line_freed=dispatch.wake,
        messages_waiting=sender.wake,
        cancel_second=cancels.cancel_second,
    )
    return Services(
        requests=RequestCalls(store=store, clock=clock, deployment=deployment, wake=dispatch.wake),
        dispatch=dispatch,
        record=record,
        reconcile=ReconcileCalls(
            store=store,
            clock=clock,
            voice=voice,
            deployment=deployment,
            record=record,
            tasks=tasks,
            changed=sender.wake,
        ),
        cancels=cancels,
        redials=RedialCalls(
            store=store, clock=clock, wake=dispatch.wake, messages_waiting=sender.wake
        ),
        find=FindCalls(store=store),
        people=KnowPeople(store=store, clock=clock, directory=SlackDirectory(client, clock)),
    )


def build_listeners(
    settings: Settings,
    services: Services,
    *,
    store: Database,
    clock: Clock,
    tasks: TaskSet,
    client: AsyncWebClient,
    sender: OutboxSender,
    respond: Responder,
) -> Listeners:
    """Tie Slack's deliveries to the services."""
    answers = Answers(people=services.people, tasks=tasks, respond=respond)
    looking = LookingAtCalls(find=services.find, cancels=services.cancels, clock=clock)
    intake = CallIntake(
        requests=services.requests,
        clock=clock,
        deployment=settings.deployment,
        messages_waiting=sender.wake,
    )
    forms = CallForms(
        client=client,
        people=services.people,
        drafts=KeepDrafts(store=store, clock=clock),
        tasks=tasks,
        respond=respond,
        clock=clock,
    )
    return Listeners(
        command=RobocallCommand(
            intake=intake,
            forms=forms,
            looking=looking,
            answers=answers,
            people=services.people,
            pending=PendingCommands(store=store, clock=clock),
            tasks=tasks,
            default_region=settings.robocall_default_region,
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
        events=SlackEvents(
            client=client,
            find=services.find,
            hello=AnswerMessages(store=store, clock=clock, messages_waiting=sender.wake),
            people=services.people,
            clock=clock,
            tasks=tasks,
            stop_dialing=services.dispatch.stop,
        ),
    )


async def kept(store: Database, name: str, made: str) -> str:
    """What was made at the first start, or `made` if this is it."""

    def work(tx: Transaction) -> str:
        known = tx.setting(name)
        if known is None:
            tx.save_setting(name, made)
        return known or made

    return await store.write(work)


def response_hosts(settings: Settings) -> frozenset[str]:
    """Slack's host for response_urls, and this machine where the embedded Slack is used."""
    host = urlsplit(settings.slack_api_url).hostname or ""
    return SLACK_HOOKS if settings.slack_api_url.startswith("https") else SLACK_HOOKS | {host}


async def callback_addresses(settings: Settings, store: Database) -> CallbackAddresses:
    """The key of the callback tokens: the setting, or one made at the first start and kept."""
    given = settings.robocall_secret
    secret = given.get_secret_value() if given else ""
    secret = secret or await kept(store, CALLBACK_KEY, secrets.token_hex(32))
    keys = {CALLBACK_KEY_ID: secret.encode()}
    return CallbackAddresses(public_url=settings.public_url, keys=keys, current_kid=CALLBACK_KEY_ID)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything the running bot is made of."""

    settings: Settings
    clock: Clock
    timer: Timer
    tasks: TaskSet
    store: Database
    voice: HttpVoiceService
    http: aiohttp.ClientSession
    client: AsyncWebClient
    sender: OutboxSender
    services: Services
    listeners: Listeners
    slack: AsyncApp
    addresses: CallbackAddresses


async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    timer: Timer | None = None,
    timeouts: Timeouts | None = None,
) -> Parts:
    """Open the database and tie everything together; nothing runs yet.

    Raises DatabaseRefused. `clock`, `timer` and `timeouts` are given by tests.
    """
    clock = clock or SystemClock()
    timer = timer or Scheduler()
    tasks = TaskSet()
    store = await Database.open(settings.robocall_db)
    http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15), trust_env=False)
    client = slack_client(settings, http, retries=True)
    quiet_client = slack_client(settings, http, retries=False)
    hosts = response_hosts(settings)
    sender = OutboxSender(
        store=store,
        clock=clock,
        client=quiet_client,
        http=http,
        installation=await kept(store, INSTALLATION, secrets.token_hex(4)),
        response_hosts=hosts,
    )
    respond = Responder(PostOffice(client=quiet_client, http=http, response_hosts=hosts))
    addresses = await callback_addresses(settings, store)
    voice = HttpVoiceService(
        base_url=settings.voice_api_url,
        api_key=settings.voice_api_key.get_secret_value() if settings.voice_api_key else "",
        addresses=addresses,
        clock=clock,
        timeouts=timeouts,
    )
    services = build_services(
        settings,
        store=store,
        clock=clock,
        timer=timer,
        tasks=tasks,
        voice=voice,
        sender=sender,
        client=client,
    )
    listeners = build_listeners(
        settings,
        services,
        store=store,
        clock=clock,
        tasks=tasks,
        client=client,
        sender=sender,
        respond=respond,
    )
    slack = slack_app(settings, client, listeners)
    return Parts(
        settings=settings,
        clock=clock,
        timer=timer,
        tasks=tasks,
        store=store,
        voice=voice,
        http=http,
        client=client,
        sender=sender,
        services=services,
        listeners=listeners,
        slack=slack,
        addresses=addresses,
    )


def slack_client(
    settings: Settings, http: aiohttp.ClientSession, *, retries: bool
) -> AsyncWebClient:
    """A Web API client over the shared session.

    Slack's default repeats a POST whose answer was lost, and posts twice (slack-facts 1.7):
    with `retries` only 429 is repeated; without, nothing is, and the outbox decides.
    """
    token = settings.slack_bot_token
    return AsyncWebClient(
        token=token.get_secret_value() if token else None,
        base_url=settings.slack_api_url,
        session=http,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=3)] if retries else [],
    )


def slack_app(settings: Settings, client: AsyncWebClient, listeners: Listeners) -> AsyncApp:
    """Bolt, told everything explicitly, since it reads the environment by itself."""
    secret = settings.slack_signing_secret
    app = AsyncApp(
        client=client,
        signing_secret=secret.get_secret_value() if secret else None,
        process_before_response=True,
        # handlers.verifier has checked the signature before Bolt sees the request
        request_verification_enabled=False,
    )
    register(app, listeners)
    return app


def web_application(parts: Parts, *, readiness: Readiness) -> web.Application:
    """Everything the bot answers over HTTP."""
    webhooks = VoiceWebhooks(
        record=parts.services.record,
        read_token=parts.addresses.read,
        parse_event=parse_webhook,
        parse_keypress=parse_keypress,
    )
    app = web.Application()
    app.add_routes([*webhooks.routes(), *Health(readiness).routes()])
    secret = parts.settings.slack_signing_secret
    if secret and not parts.settings.uses_socket_mode:
        verifier = SlackVerifier(signing_secret=secret.get_secret_value(), clock=parts.clock)
        app.middlewares.append(verifier.middleware)
        app.add_routes(SlackOverHttp(parts.slack).routes())
    return app
