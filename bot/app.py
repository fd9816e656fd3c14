"""The composition root: the only place that builds adapters."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.ports import Clock, Timer, Transaction
from bot.scheduler import Scheduler, SystemClock
from bot.slack.notifier import OutboxSender
from bot.slack.post_office import SLACK_HOOKS, PostOffice
from bot.tasks import TaskSet
from bot.voice.callback import CallbackAddresses
from bot.voice.client import HttpVoiceService, Timeouts, usual_authorities
from bot.voice.key_ring import KeyRing, key_id, turned
from bot.voice.keypress import parse_keypress
from bot.voice.wire import parse_webhook
from bot.wiring import Adapters, Services, tie_listeners, tie_services
from handlers.http import Health, Readiness, SlackOverHttp
from handlers.our_workspace import OurWorkspace
from handlers.register import Listeners, register
from handlers.respond import Responder
from handlers.verifier import SlackVerifier
from handlers.webhooks import VoiceWebhooks
from storage.database import Database

CALLBACK_KEY = "callback_key"
CALLBACK_KEYS = "callback_keys"
INSTALLATION = "installation"


@dataclass(frozen=True, kw_only=True)
class Parts(Adapters):
    """Everything the running bot is made of."""

    services: Services
    listeners: Listeners
    slack: AsyncApp
    workspace: OurWorkspace


async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    timer: Timer | None = None,
    timeouts: Timeouts | None = None,
) -> Parts:
    """Open the database and tie everything together; nothing runs yet.

    Raises DatabaseRefused and StoreUnavailable. `clock`, `timer` and `timeouts` are given by tests.
    """
    adapters = await _adapters(
        settings,
        clock=clock or SystemClock(),
        timer=timer or Scheduler(),
        timeouts=timeouts or Timeouts(),
    )
    services = tie_services(adapters)
    listeners = tie_listeners(adapters, services)
    token = settings.slack_bot_token
    ours = OurWorkspace(token=token.get_secret_value() if token else "")
    slack = slack_app(settings, adapters.http, listeners, ours)
    return Parts(
        **vars(adapters), services=services, listeners=listeners, slack=slack, workspace=ours
    )


async def _adapters(
    settings: Settings, *, clock: Clock, timer: Timer, timeouts: Timeouts
) -> Adapters:
    async with AsyncExitStack() as opened:  # closed again if the rest fails
        store = await Database.open(settings.robocall_db)
        opened.push_async_callback(store.close)
        http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15), trust_env=False)
        opened.push_async_callback(http.close)
        quiet_client = slack_client(settings, http, retries=False)
        hosts = response_hosts(settings)
        addresses = await callback_addresses(settings, store, now=clock.now())
        adapters = Adapters(
            settings=settings,
            clock=clock,
            timer=timer,
            tasks=TaskSet(),
            store=store,
            voice=HttpVoiceService(
                base_url=settings.voice_api_url,
                api_key=settings.voice_api_key.get_secret_value() if settings.voice_api_key else "",
                addresses=addresses,
                clock=clock,
                timeouts=timeouts,
                tls=await asyncio.to_thread(usual_authorities),
            ),
            addresses=addresses,
            http=http,
            client=slack_client(settings, http, retries=True),
            sender=OutboxSender(
                store=store,
                clock=clock,
                client=quiet_client,
                http=http,
                installation=await kept(store, INSTALLATION, secrets.token_hex(4)),
                response_hosts=hosts,
            ),
            respond=Responder(PostOffice(client=quiet_client, http=http, response_hosts=hosts)),
        )
        opened.pop_all()
    return adapters


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


async def callback_addresses(
    settings: Settings, store: Database, *, now: datetime
) -> CallbackAddresses:
    """The key of the callback tokens: the setting, or one made at the first start and kept."""
    given = settings.robocall_secret
    secret = given.get_secret_value() if given else ""
    secret = secret or await kept(store, CALLBACK_KEY, secrets.token_hex(32))

    def work(tx: Transaction) -> KeyRing:
        ring = turned(json.loads(tx.setting(CALLBACK_KEYS) or "{}"), secret, now=now)
        tx.save_setting(CALLBACK_KEYS, json.dumps(ring))
        return ring

    keys = {kid: each["key"].encode() for kid, each in (await store.write(work)).items()}
    return CallbackAddresses(public_url=settings.public_url, keys=keys, current_kid=key_id(secret))


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


def slack_app(
    settings: Settings, http: aiohttp.ClientSession, listeners: Listeners, ours: OurWorkspace
) -> AsyncApp:
    """Bolt, told everything explicitly, since it reads the environment by itself."""
    secret = settings.slack_signing_secret
    app = AsyncApp(
        name="robocall",  # else Bolt looks for a name in all that was ever imported: 60 ms
        # Bolt's own client; no listener uses it, and with a token Bolt would ask about it
        client=AsyncWebClient(base_url=settings.slack_api_url, session=http, retry_handlers=[]),
        before_authorize=ours.ignore_others,
        authorize=ours,
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
    settings = parts.settings
    secret = settings.slack_signing_secret
    if secret and not settings.uses_socket_mode:
        # Slack's stamp is compared with the machine's own time, whatever time the bot is given
        verifier = SlackVerifier(signing_secret=secret.get_secret_value(), clock=SystemClock())
        app.middlewares.append(verifier.middleware)
        app.add_routes(SlackOverHttp(parts.slack).routes())
    return app
