"""The page at `/`: how to use this service, with its own address filled in."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from aiohttp import web

from bot.sandbox.voice_api.limits import PLANS, Plan
from bot.sandbox.voice_api.phones import ANY_OTHER, PHONES, Kind
from bot.sandbox.voice_api.routes import PREFIX, SERVICE
from bot.sandbox.voice_api.wire import stamp

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
}


async def show(request: web.Request) -> web.Response:
    """`GET /`."""
    service = request.app[SERVICE]
    root = f"http://{request.host}"
    soon = service.clock.now() + timedelta(minutes=1)
    words = {
        "root": root,
        "base": f"{root}{PREFIX}",
        "plan": _limits(service.plan),
        "key": "any" if service.api_key is None else "the one it was started with",
        "speed": f"{service.clock.speed:g} \N{MULTIPLICATION SIGN}",
        "soon": stamp(soon),
    }
    html = _template().substitute(
        {name: escape(word) for name, word in words.items()},
        phones=_phones(),
        plans=_plans(),
        behaviours=", ".join(f"<code>{kind}</code>" for kind in Kind),
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)


@cache
def _template() -> Template:
    return Template(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))


def _limits(plan: Plan) -> str:
    if plan.calls_per_minute is None:
        return plan.name
    return f"{plan.name}: {plan.calls_per_minute} a minute, {plan.concurrent} at once"


def _phones() -> str:
    rows = [_row(f"<code>{escape(phone.number)}</code>", phone.about) for phone in PHONES]
    return "\n".join([*rows, _row("any other number", ANY_OTHER.about)])


def _plans() -> str:
    return "\n".join(
        _row(plan.name, str(plan.calls_per_minute or "any"), str(plan.concurrent or "any"))
        for plan in PLANS.values()
    )


def _row(first: str, *others: str) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    return f"<tr><td>{first}</td>{cells}</tr>"


ROUTES = (web.get("/", show),)
