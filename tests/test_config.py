"""The settings: every one of them, who wins, and what stops the start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings, SettingsError, database_path

ROOT = Path(__file__).parent.parent
NEEDED = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "VOICE_API_KEY": "the-key-of-the-voice-service",
}
NO_FILE = "no such file"


def load(dotenv: str = NO_FILE, **given: str) -> Settings:
    """The settings with everything that is needed, and these."""
    return Settings.load(NEEDED | given, dotenv)


def problems(dotenv: str = NO_FILE, **given: str) -> list[str]:
    """What stops the start, as sentences."""
    with pytest.raises(SettingsError) as refused:
        load(dotenv, **given)
    return refused.value.problems


def test_the_defaults_are_those_of_the_design() -> None:
    """Design 3.2: only tokens and key must be given."""
    settings = load()
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.voice_api_url == "https://voice.intron.io/api/v1/voice-bot"
    assert (settings.voice_calls_per_minute, settings.voice_concurrent_calls) == (10, 2)
    assert (settings.voice_scheduling, settings.voice_retries) == ("bot", "bot")
    assert settings.public_url is None
    assert (settings.robocall_host, settings.robocall_port) == ("127.0.0.1", 3000)
    assert settings.robocall_db == Path("robocall.db")
    assert (settings.robocall_log_level, settings.robocall_log_format) == ("info", "text")
    assert (settings.robocall_secret, settings.robocall_default_region) == (None, None)
    assert not settings.deployment.is_listening


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("SLACK_API_URL", "https://slack-gov.com/api", "https://slack-gov.com/api/"),
        ("VOICE_API_URL", "https://voice.example/v2/", "https://voice.example/v2"),
        ("VOICE_CALLS_PER_MINUTE", "100", 100),
        ("VOICE_CONCURRENT_CALLS", " 20 ", 20),
        ("VOICE_SCHEDULING", "Service", "service"),
        ("VOICE_RETRIES", "SERVICE", "service"),
        ("PUBLIC_URL", "https://bot.example.com/robocall/", "https://bot.example.com/robocall"),
        ("ROBOCALL_HOST", "0.0.0.0", "0.0.0.0"),
        ("ROBOCALL_PORT", "8080", 8080),
        ("ROBOCALL_DB", "data/calls.db", Path("data/calls.db")),
        ("ROBOCALL_DEFAULT_REGION", "gb", "GB"),
        ("ROBOCALL_LOG_LEVEL", "DEBUG", "debug"),
        ("ROBOCALL_LOG_FORMAT", "JSON", "json"),
    ],
)
def test_a_setting_is_read_from_the_environment(name: str, value: str, read: Any) -> None:
    """Blanks around it, a slash at the end and capitals do not matter where they mean nothing."""
    assert getattr(load(**{name: value}), name.lower()) == read


def test_the_secrets_are_read_whole() -> None:
    """Tokens, key and secret are what was given."""
    settings = load(ROBOCALL_SECRET="s" * 32, SLACK_SIGNING_SECRET="abc")
    given = (
        settings.slack_bot_token,
        settings.slack_app_token,
        settings.voice_api_key,
        settings.robocall_secret,
        settings.slack_signing_secret,
    )
    assert [secret.get_secret_value() for secret in given if secret] == [
        *NEEDED.values(),
        "s" * 32,
        "abc",
    ]


def test_what_the_domain_is_told_follows_the_settings() -> None:
    """Limits, hand-over, region and whether news can reach us."""
    told = load(
        VOICE_CALLS_PER_MINUTE="7",
        VOICE_CONCURRENT_CALLS="3",
        VOICE_SCHEDULING="service",
        PUBLIC_URL="https://bot.example.com",
        ROBOCALL_DEFAULT_REGION="US",
    ).deployment
    assert (told.limits.calls_per_minute, told.limits.concurrent_calls) == (7, 3)
    assert (told.service_schedules, told.service_retries) == (True, False)
    assert (told.is_listening, told.default_region) == (True, "US")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A setting of `.env` is used unless the environment has it too."""
    dotenv = tmp_path / ".env"
    dotenv.write_text('ROBOCALL_PORT=4000\nROBOCALL_HOST="10.0.0.1" # inside\nVOICE_RETRIES=\n')
    settings = load(str(dotenv), ROBOCALL_PORT="5000")
    assert (settings.robocall_port, settings.robocall_host) == (5000, "10.0.0.1")
    assert settings.voice_retries == "bot"


def test_the_process_environment_and_dot_env_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without arguments: os.environ and `.env` in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("\n".join(f"{name}={value}" for name, value in NEEDED.items()))
    monkeypatch.setenv("ROBOCALL_PORT", "4444")
    assert Settings.load().robocall_port == 4444


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """A `.env` in another encoding stops the start with a sentence, not a stack trace."""
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("ROBOCALL_HOST=café".encode("latin-1"))
    assert problems(str(dotenv)) == [f"{dotenv} cannot be read (UnicodeDecodeError)"]


def test_nothing_given_names_everything_that_is_needed() -> None:
    """One message with a line for each of the three, and where it comes from."""
    with pytest.raises(SettingsError) as refused:
        Settings.load({}, NO_FILE)
    said = str(refused.value)
    assert said.startswith("Robocall cannot start with these settings:\n- ")
    assert [p.split()[0] for p in refused.value.problems] == list(NEEDED)
    assert "SLACK_SIGNING_SECRET" in said


def test_http_mode_needs_no_app_token() -> None:
    """A signing secret stands in for it; with both, Socket Mode is used."""
    given = {"SLACK_BOT_TOKEN": "xoxb-1", "VOICE_API_KEY": "k", "SLACK_SIGNING_SECRET": "s"}
    assert not Settings.load(given, NO_FILE).uses_socket_mode
    assert Settings.load(given | NEEDED, NO_FILE).uses_socket_mode


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1", "must begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1", "must begin with xapp-"),
        ("VOICE_API_KEY", "key\x1bwith escape", "has characters that no key has"),
        ("VOICE_API_KEY", "schlüssel", "has characters that no key has"),
        ("SLACK_BOT_TOKEN", "xoxb-1\nX-Evil: 1", "has characters that no key has"),
        ("SLACK_APP_TOKEN", "xapp-1…", "has characters that no key has"),
        ("SLACK_SIGNING_SECRET", "a\x00b", "has characters that no key has"),
        ("VOICE_CALLS_PER_MINUTE", "0", "should be greater than or equal to 1"),
        ("VOICE_CALLS_PER_MINUTE", "ten", "should be a valid integer"),
        ("VOICE_CONCURRENT_CALLS", "-1", "should be greater than or equal to 1"),
        ("VOICE_SCHEDULING", "slack", "should be 'bot' or 'service'"),
        ("VOICE_RETRIES", "3", "should be 'bot' or 'service'"),
        ("ROBOCALL_PORT", "65536", "should be less than or equal to 65535"),
        ("ROBOCALL_SECRET", "short", "needs at least 32 characters"),
        ("ROBOCALL_DEFAULT_REGION", "America", "must be a two-letter country code"),
        ("ROBOCALL_LOG_LEVEL", "loud", "should be 'debug', 'info', 'warning' or 'error'"),
        ("ROBOCALL_LOG_FORMAT", "xml", "should be 'text' or 'json'"),
    ],
)
def test_a_wrong_value_is_told_by_name(name: str, value: str, said: str) -> None:
    """The sentence names the setting and what it may be."""
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name} ")
    assert said in problem


@pytest.mark.parametrize("name", ["SLACK_API_URL", "VOICE_API_URL", "PUBLIC_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "http://bot.example.com",
        "http://192.0.2.7:3000",
        "http://0.0.0.0:3000",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.1",
        "http://[2001:db8::1]/",
        "http://[::ffff:zz]/",
        "https://",
        "https:///path",
        "https://[",
        "https://bot.example.com:99999",
        "ftp://bot.example.com",
        "bot.example.com",
        "https://ann:pass@bot.example.com",
        "https://bot.example.com/?a=b",
        "https://bot.example.com/#top",
    ],
)
def test_an_unsafe_address_is_refused(name: str, url: str) -> None:
    """Other machines are reached by https only, and nothing hides in the address."""
    (problem,) = problems(**{name: url})
    assert problem.startswith(f"{name} ")
    assert "pass" not in problem.replace("password", "")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "http://localhost:8080/v1", "http://[::1]:8080", "https://x.io"],
)
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    """That is how the embedded services and the tests are reached."""
    assert load(VOICE_API_URL=url).voice_api_url == url


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("ROBOCALL_PROT", "ROBOCALL_PORT"),
        ("ROBOCALL_DATABASE", "ROBOCALL_DB"),
        ("VOICE_KEY", "VOICE_API_KEY"),
    ],
)
def test_a_typo_does_not_pass_silently(typo: str, meant: str, tmp_path: Path) -> None:
    """An unknown name of ours is an error with a hint, in the environment and in the file."""
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"{typo}=1\n")
    for told in (problems(**{typo: "1"}), problems(str(dotenv))):
        assert len(told) == 1
        assert told[0].startswith(f"{typo} is not a setting")
        assert meant in told[0]


def test_names_of_others_are_none_of_our_business() -> None:
    """SLACK_* belongs to Slack's tools too; PATH and the like to everybody."""
    assert load(SLACK_CLI_VERSION="3", PATH="/bin", DATABASE_URL="x").robocall_port == 3000


def test_everything_wrong_is_told_at_once() -> None:
    """One start, one message, all of it."""
    told = problems(
        ROBOCALL_PORT="x", VOICE_RETIRES="1", PUBLIC_URL="http://a.example", SLACK_BOT_TOKEN="no"
    )
    names = {each.split()[0] for each in told}
    assert names == {"ROBOCALL_PORT", "VOICE_RETIRES", "PUBLIC_URL", "SLACK_BOT_TOKEN"}


def test_no_secret_is_ever_shown() -> None:
    """Neither a complaint nor a printed Settings carries what must stay secret."""
    canary = "canary-4711"
    wrong = {
        "SLACK_BOT_TOKEN": f"xapp-{canary}",
        "SLACK_APP_TOKEN": f"{canary}\x07",
        "SLACK_SIGNING_SECRET": f"{canary}é",
        "VOICE_API_KEY": f"{canary}\n{canary}",
        "ROBOCALL_SECRET": canary,
        "VOICE_API_URL": f"https://u:{canary}@voice.example",
    }
    with pytest.raises(SettingsError) as refused:
        Settings.load(wrong, NO_FILE)
    assert len(refused.value.problems) >= len(wrong)
    assert canary not in f"{refused.value} {refused.value!r} {refused.value.__cause__!r}"
    right = load(VOICE_API_KEY=canary, ROBOCALL_SECRET=canary * 4, SLACK_SIGNING_SECRET=canary)
    assert canary not in f"{right} {right!r} {right.model_dump()}"


def test_the_database_is_known_without_the_other_settings(tmp_path: Path) -> None:
    """`robocall export` needs no token: environment, then `.env`, then the default."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("ROBOCALL_DB=from-file.db\n")
    assert database_path({}, NO_FILE) == Path("robocall.db")
    assert database_path({}, str(dotenv)) == Path("from-file.db")
    assert database_path({"ROBOCALL_DB": "env.db"}, str(dotenv)) == Path("env.db")


def default_of(name: str) -> str | None:
    """The default of a setting as it is written down; None if there is none."""
    value = Settings.model_fields[name.lower()].default
    return None if value is None else str(value)


def test_the_example_file_tells_the_true_defaults() -> None:
    """.env.example lists exactly the settings, and what stands commented out is the default."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert listed.keys() == {name.upper() for name in Settings.model_fields}
    assert {name: value or None for name, value in listed.items()} == {
        name: default_of(name) for name in listed
    }


def test_the_example_file_filled_in_starts_the_bot(tmp_path: Path) -> None:
    """A newcomer copies it, fills in three values, and is done."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name, value in NEEDED.items():
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    dotenv = tmp_path / ".env"
    dotenv.write_text(text)
    assert Settings.load({}, str(dotenv)) == load()


def test_the_readme_lists_every_setting_with_its_default() -> None:
    """The README's table has exactly the settings, each with the default the code has."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## Settings\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", section, re.MULTILINE))
    assert rows.keys() == {name.upper() for name in Settings.model_fields}
    for name, shown in rows.items():
        default = default_of(name)
        if name == "ROBOCALL_SECRET":
            assert shown.startswith("made at the first start")
        else:
            assert shown.strip("`") == (default or "-")
