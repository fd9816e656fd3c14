"""The contract's own text, replayed over real HTTP with nothing changed but the host."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.voice_api.conftest import OpenApi
from tests.sandbox.voice_api.support import Answer, Receiver, VoiceApi, seconds

CONTRACT = (Path(__file__).parents[2] / "data" / "voice-api.txt").read_text(encoding="utf-8")
HOST = "https://voice.intron.io/api/v1/voice-bot"
CURLS = re.findall(r"^curl .*?}'$", CONTRACT, flags=re.MULTILINE | re.DOTALL)


def example(heading: str) -> Any:
    """The first JSON object of the contract after that heading."""
    after = CONTRACT[CONTRACT.index(heading) :]
    value, _ = json.JSONDecoder().raw_decode(after[after.index("{\n") :])
    return value


async def run_curl(api: VoiceApi, command: str) -> Answer:
    """Do what the command does, as curl would, to the embedded service."""
    words = shlex.split(command.replace("\\\n", " "))
    method = words[words.index("-X") + 1]
    url = next(word for word in words if word.startswith("https://"))
    headers = dict(
        words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"
    )
    body = words[words.index("-d") + 1]
    url = url.replace(HOST, api.server.api_url)
    return await api.request(method, url, headers=headers, data=body.encode())


def test_the_contract_has_three_curl_examples() -> None:
    """Nothing is lost by the way the examples are found."""
    assert [f"POST {HOST}/call" in " ".join(shlex.split(c)) for c in CURLS] == [True] * 3


@pytest.mark.parametrize("command", CURLS)
async def test_every_curl_example_is_accepted(api: VoiceApi, command: str) -> None:
    """Each is answered with exactly the fields that the contract documents."""
    answer = await run_curl(api, command)
    scheduled = "schedule_at" in command
    documented = example("Scheduled Call Response" if scheduled else "Success Response (200 OK)")
    assert answer.status == 200
    assert answer.body.keys() == documented.keys()
    assert {**answer.body, "call_id": documented["call_id"]} == documented
    assert re.fullmatch("robo_[0-9a-f]{12}", answer.body["call_id"])


async def test_the_example_without_a_set_key_takes_the_documented_words(open_api: OpenApi) -> None:
    """YOUR_API_KEY is a key like any other: right when it is the one that was set."""
    api = await open_api(api_key="YOUR_API_KEY")
    assert (await run_curl(api, CURLS[0])).status == 200


async def test_the_text_of_the_first_example_is_filled_in(api: VoiceApi) -> None:
    """The phone hears John's name and times, not the placeholders."""
    answer = await run_curl(api, CURLS[0])
    await api.pass_time(60)
    assert api.heard(answer.body["call_id"]) == [
        "Hello John, this is a reminder that your appointment is scheduled for January 20th at "
        "2:30 PM. Press 1 to confirm or 2 to reschedule."
    ]


async def test_the_keypad_example_is_accepted(api: VoiceApi) -> None:
    """Its body is JSON on its own in the contract; it goes to POST /call."""
    answer = await api.post(example("DTMF Input Handling"))
    assert (answer.status, answer.body["message"]) == (200, "Call queued")


async def test_the_batch_example_is_answered_as_documented(api: VoiceApi) -> None:
    """Both calls are queued, in order, each with an id of its own."""
    answer = await api.post(example("Batch Calls"), "/call/batch")
    documented = example("Batch Response")
    assert answer.status == 200
    assert answer.body.keys() == documented.keys()
    assert re.fullmatch("batch_[0-9a-f]{12}", answer.body["batch_id"])
    ids = [call.pop("call_id") for call in answer.body["calls"]]
    assert len({*ids}) == 2
    assert answer.body["calls"] == [
        {"phone_number": "+1234567890", "status": "queued"},
        {"phone_number": "+0987654321", "status": "queued"},
    ]
    assert answer.body["total_calls"] == 2


async def test_status_and_webhooks_have_the_documented_fields(
    api: VoiceApi, receiver: Receiver
) -> None:
    """Field for field, and the times of the example: answered five seconds after the request."""
    request = {**example("DTMF Input Handling"), "phone_number": "+14155550101"}
    call_id = await api.place(**{"number": request.pop("phone_number"), **request},
                              callback_url=receiver.url)  # fmt: skip
    await api.pass_time(60)
    answered, dtmf, completed = receiver.bodies
    assert answered.keys() == example("Call Answered").keys()
    assert dtmf.keys() == example("DTMF Received").keys()
    assert completed.keys() == example("Call Completed").keys()
    assert answered["timestamp"] == example("Call Answered")["timestamp"] == seconds(5)
    status = await api.get(call_id)
    documented = example("Get Call Status")
    assert status.keys() == documented.keys()
    known = ("status", "created_at", "started_at", "dtmf_input", "call_result")
    assert {name: status[name] for name in known} == {name: documented[name] for name in known}


async def test_cancelling_is_answered_as_documented(api: VoiceApi) -> None:
    """The three fields of the example."""
    call_id = await api.place()
    answer = await api.cancel(call_id)
    assert answer.status == 200
    assert answer.body == {**example("Cancel a Call"), "call_id": call_id}
