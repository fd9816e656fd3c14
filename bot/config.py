"""Settings: read once at the start, checked whole, complained about in one message."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import phonenumbers
from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.domain.deployment import Deployment
from bot.domain.dial_policy import PlanLimits

PREFIXES = ("ROBOCALL_", "VOICE_")
"""Names of ours: one that is not in the table is a typo and stops the start."""


class SettingsError(Exception):
    """Something is missing or wrong; `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "Robocall cannot start with these settings:\n" + "\n".join(f"- {p}" for p in problems)
        )


class Settings(BaseModel):
    """Every setting of the README's table, under its name in lower case."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    voice_api_key: SecretStr | None = None
    voice_api_url: str = "https://voice.intron.io/api/v1/voice-bot"
    voice_calls_per_minute: int = Field(default=10, ge=1, le=100_000)
    voice_concurrent_calls: int = Field(default=2, ge=1, le=10_000)
    voice_scheduling: Literal["bot", "service"] = "bot"
    voice_retries: Literal["bot", "service"] = "bot"
    public_url: str | None = None
    robocall_host: str = "127.0.0.1"
    robocall_port: int = Field(default=3000, ge=0, le=65535)
    robocall_db: Path = Path("robocall.db")
    robocall_secret: SecretStr | None = None
    robocall_default_region: str | None = None
    robocall_log_level: Literal["debug", "info", "warning", "error"] = "info"
    robocall_log_format: Literal["text", "json"] = "text"

    @field_validator("slack_api_url", "voice_api_url", "public_url")
    @classmethod
    def _is_safe_url(cls, url: str | None) -> str | None:
        return None if url is None else _safe_url(url)

    @field_validator("slack_api_url")
    @classmethod
    def _ends_with_slash(cls, url: str) -> str:
        # slack_sdk joins the method name to it (slack-facts 1.7)
        return url if url.endswith("/") else url + "/"

    @field_validator("voice_api_url", "public_url")
    @classmethod
    def _ends_without_slash(cls, url: str | None) -> str | None:
        return None if url is None else url.rstrip("/")

    @field_validator("slack_bot_token", "slack_app_token", "slack_signing_secret", "voice_api_key")
    @classmethod
    def _is_printable(cls, secret: SecretStr | None) -> SecretStr | None:
        # they travel in headers, where anything else is an error or an injection
        text = secret.get_secret_value() if secret else ""
        if not (text.isascii() and text.isprintable()):
            raise ValueError("has characters that no key has: copy it again")
        return secret

    @field_validator("robocall_secret")
    @classmethod
    def _is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < 32:  # noqa: PLR2004 - 128 bits in hex
            raise ValueError("needs at least 32 characters; leave it out and one is made")
        return secret

    @field_validator("robocall_default_region")
    @classmethod
    def _is_region(cls, region: str | None) -> str | None:
        if region is not None and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("must be a two-letter country code such as US or GB")
        return region.upper() if region else None

    @field_validator(
        "voice_scheduling",
        "voice_retries",
        "robocall_log_level",
        "robocall_log_format",
        mode="before",
    )
    @classmethod
    def _any_case(cls, word: Any) -> Any:
        return word.lower() if isinstance(word, str) else word

    @property
    def uses_socket_mode(self) -> bool:
        """Socket Mode when there is an app token, else HTTP."""
        return self.slack_app_token is not None

    @property
    def deployment(self) -> Deployment:
        """What the domain needs to know of the settings."""
        return Deployment(
            limits=PlanLimits(
                calls_per_minute=self.voice_calls_per_minute,
                concurrent_calls=self.voice_concurrent_calls,
            ),
            service_schedules=self.voice_scheduling == "service",
            service_retries=self.voice_retries == "service",
            is_listening=self.public_url is not None,
            default_region=self.robocall_default_region,
        )

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, dotenv: str = ".env") -> Self:
        """Read environment and `.env` (the environment wins). Raises SettingsError."""
        given = _given(environment, dotenv)
        known = {name.upper() for name in cls.model_fields}
        problems = [
            f"{name} is not a setting; did you mean one of {_near(name, known)}?"
            for name in sorted(given)
            if name.startswith(PREFIXES) and name not in known
        ]
        # an empty value is how .env.example leaves a setting out
        values = {k.lower(): v.strip() for k, v in given.items() if k in known and v.strip()}
        settings = None
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems += [_sentence(dict(e)) for e in error.errors(include_input=False)]
        problems += _missing(values)
        if problems or settings is None:
            raise SettingsError(problems)
        return settings


def database_path(environment: Mapping[str, str] | None = None, dotenv: str = ".env") -> Path:
    """Where the database is, for commands that need no other setting."""
    name = _given(environment, dotenv).get("ROBOCALL_DB", "").strip()
    return Path(name) if name else Path(Settings.model_fields["robocall_db"].default)


def _given(environment: Mapping[str, str] | None, dotenv: str) -> dict[str, str]:
    env = os.environ if environment is None else environment
    try:
        written = dotenv_values(dotenv)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{dotenv} cannot be read ({type(error).__name__})"]) from None
    return {**{name: value or "" for name, value in written.items()}, **env}


def _missing(values: Mapping[str, str]) -> list[str]:
    missing = []
    if "slack_bot_token" not in values:
        missing.append("SLACK_BOT_TOKEN is missing: the xoxb- token of the installed Slack app")
    if "slack_app_token" not in values and "slack_signing_secret" not in values:
        missing.append(
            "SLACK_APP_TOKEN is missing: the xapp- token for Socket Mode"
            " (or SLACK_SIGNING_SECRET, to be reached by HTTP)"
        )
    if "voice_api_key" not in values:
        missing.append("VOICE_API_KEY is missing: the key of your voice service account")
    for name, prefix in (("slack_bot_token", "xoxb-"), ("slack_app_token", "xapp-")):
        if name in values and not values[name].startswith(prefix):
            missing.append(f"{name.upper()} must begin with {prefix}: is it the other token?")
    return missing


def _sentence(error: Mapping[str, Any]) -> str:
    name = str(error["loc"][0]).upper()
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{name} {text[0].lower()}{text[1:]}"


def _near(name: str, known: set[str]) -> str:
    prefix = name.split("_", 1)[0] + "_"
    return ", ".join(sorted(k for k in known if k.startswith(prefix)))


def _safe_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise ValueError("must be an https:// address (http:// only for this machine itself)")
    if parts.username is not None or "?" in url or "#" in url:
        # paths are appended to it, and it is shown in logs
        raise ValueError("must have no name, password, ? or # in it")
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    if not re.fullmatch(r"[0-9.]+|[0-9a-f:]+", host):
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
