"""The Web API through Slack's own client: what it accepts, and every word with which it refuses."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import Fault, RateLimits, SlackServer, Workspace
from tests.sandbox.slack.conftest import MANIFEST
from tests.sandbox.slack.payload_parts import home, modal, section

BOT = "U0ROBOCALL"


async def refusal(call: Awaitable[Any]) -> str:
    """The error word with which Slack refuses the call."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_posted_message_is_in_the_channel(
    web: AsyncWebClient, workspace: Workspace
) -> None:
    """chat.postMessage writes what a person then reads, and the answer lists the scopes."""
    answer = await web.chat_postMessage(channel="C0GENERAL", text="Good morning")
    message = workspace.messages.find("C0GENERAL", answer["ts"])
    assert message is not None
    assert message.text == "Good morning"
    identity = await web.auth_test()
    assert identity["user_id"] == message.user_id
    assert "chat:write" in identity.headers["x-oauth-scopes"].split(",")


async def test_timestamps_are_unique_and_grow_while_time_stands_still(web: AsyncWebClient) -> None:
    """A ts names one message, whatever the clock does."""
    first = (await web.chat_postMessage(channel="C0GENERAL", text="1"))["ts"]
    second = (await web.chat_postMessage(channel="C0GENERAL", text="2"))["ts"]
    assert first < second
    assert len(first.partition(".")[2]) == 6


POSTS: dict[str, tuple[dict[str, Any], str]] = {
    "bot not in the channel": ({"channel": "C0KITCHEN", "text": "x"}, "not_in_channel"),
    "private and not a member": ({"channel": "C0OWNERS", "text": "x"}, "channel_not_found"),
    "no such channel": ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
    "nothing said": ({"channel": "C0GENERAL", "text": ""}, "no_text"),
    "bad block": (
        {"channel": "C0GENERAL", "text": "x", "blocks": [section("")]},
        "invalid_blocks",
    ),
    "bad attachment": (
        {"channel": "C0GENERAL", "text": "x", "attachments": [{"blocks": [{"type": "no"}]}]},
        "invalid_attachments",
    ),
    "bad metadata": (
        {"channel": "C0GENERAL", "text": "x", "metadata": {"event_type": "a"}},
        "invalid_metadata_format",
    ),
    "no such thread": (
        {"channel": "C0GENERAL", "text": "x", "thread_ts": "1.000001"},
        "thread_not_found",
    ),
    "markdown and text": (
        {"channel": "C0GENERAL", "text": "x", "markdown_text": "y"},
        "markdown_text_conflict",
    ),
    "long markdown": ({"channel": "C0GENERAL", "markdown_text": "x" * 12_001}, "msg_too_long"),
}


@pytest.mark.parametrize(("arguments", "error"), POSTS.values(), ids=POSTS)
async def test_a_post_is_refused_with_slacks_word(
    web: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    """chat.postMessage refuses what Slack refuses, as JSON and as a form."""
    assert await refusal(web.api_call("chat.postMessage", json=arguments)) == error


async def test_invalid_blocks_point_at_the_offending_place(web: AsyncWebClient) -> None:
    """The useful part of invalid_blocks is in response_metadata."""
    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel="C0GENERAL", text="x", blocks=[section("")])
    messages = caught.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"]


async def test_an_archived_channel_takes_no_message(
    web: AsyncWebClient, workspace: Workspace
) -> None:
    """is_archived for posts and for edits."""
    ts = (await web.chat_postMessage(channel="C0GENERAL", text="before"))["ts"]
    workspace.channel("general").is_archived = True
    assert await refusal(web.chat_postMessage(channel="C0GENERAL", text="x")) == "is_archived"
    assert await refusal(web.chat_update(channel="C0GENERAL", ts=ts, text="x")) == "is_archived"


async def test_an_edit_changes_the_message_and_text_alone_removes_the_blocks(
    web: AsyncWebClient, workspace: Workspace
) -> None:
    """chat.update works in place."""
    post = await web.chat_postMessage(channel="C0GENERAL", text="a", blocks=[section()])
    await web.chat_update(channel="C0GENERAL", ts=post["ts"], text="b")
    message = workspace.messages.find("C0GENERAL", post["ts"])
    assert message is not None
    assert (message.text, message.blocks) == ("b", [])
    assert message.edited_ts is not None


async def test_edits_are_refused_with_slacks_word(slack: SlackServer, web: AsyncWebClient) -> None:
    """Only the app's own, existing, short messages can be edited, by conversation id."""
    theirs = slack.user("ben").say("general", "mine").ts
    ours = (await web.chat_postMessage(channel="C0GENERAL", text="ours"))["ts"]
    hidden = await web.chat_postEphemeral(channel="C0GENERAL", user="U0BEN", text="psst")

    def edit(ts: str, text: str = "x", channel: str = "C0GENERAL") -> Awaitable[Any]:
        return web.chat_update(channel=channel, ts=ts, text=text)

    assert await refusal(edit(theirs)) == "cant_update_message"
    assert await refusal(edit("1.000001")) == "message_not_found"
    assert await refusal(edit(hidden["message_ts"])) == "message_not_found"
    assert await refusal(edit(ours, "x" * 4001)) == "msg_too_long"
    assert await refusal(edit(ours, channel="U0BEN")) == "channel_not_found"


async def test_a_deleted_root_with_replies_leaves_a_tombstone(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    """A reply can still be read, the root is gone for edits."""
    root = (await web.chat_postMessage(channel="C0GENERAL", text="root"))["ts"]
    await web.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root)
    await web.chat_delete(channel="C0GENERAL", ts=root)
    thread = (await web.conversations_replies(channel="C0GENERAL", ts=root))["messages"]
    assert [m.get("subtype") for m in thread] == ["tombstone", None]
    edit = web.chat_update(channel="C0GENERAL", ts=root, text="x")
    assert await refusal(edit) == "message_not_found"
    theirs = slack.user("ben").say("general", "mine").ts
    assert await refusal(web.chat_delete(channel="C0GENERAL", ts=theirs)) == "cant_delete_message"


async def test_an_ephemeral_message_has_one_reader_in_the_channel(
    web: AsyncWebClient, workspace: Workspace
) -> None:
    """Others do not see it, nor does the history; strangers to the channel get none."""
    await web.chat_postEphemeral(channel="C0GENERAL", user="U0BEN", text="psst")
    (message,) = workspace.messages.of("C0GENERAL")
    assert message.is_seen_by("U0BEN")
    assert not message.is_seen_by("U0ANA")
    assert (await web.conversations_history(channel="C0GENERAL"))["messages"] == []
    workspace.channel("general").members.discard("U0ANA")
    stranger = web.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="x")
    assert await refusal(stranger) == "user_not_in_channel"
    nobody = web.chat_postEphemeral(channel="C0GENERAL", user="U0NOBODY", text="x")
    assert await refusal(nobody) == "user_not_found"


async def test_a_message_to_a_person_opens_the_direct_messages(web: AsyncWebClient) -> None:
    """The D... id comes back, and conversations.open finds the same."""
    answer = await web.chat_postMessage(channel="U0BEN", text="hello")
    opened = await web.conversations_open(users="U0BEN")
    assert answer["channel"].startswith("D")
    assert opened["channel"]["id"] == answer["channel"]


async def test_threads_and_metadata_can_be_read_back(web: AsyncWebClient) -> None:
    """Replies follow their root; metadata comes only when asked for."""
    metadata = {"event_type": "card", "event_payload": {"key": "k1"}}
    root = await web.chat_postMessage(channel="C0GENERAL", text="root", metadata=metadata)
    await web.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root["ts"])
    thread = await web.conversations_replies(
        channel="C0GENERAL", ts=root["ts"], include_all_metadata=True
    )
    assert [m["text"] for m in thread["messages"]] == ["root", "reply"]
    assert thread["messages"][0]["metadata"] == metadata
    history = await web.conversations_history(channel="C0GENERAL")
    assert [m["text"] for m in history["messages"]] == ["root"]
    assert "metadata" not in history["messages"][0]


async def test_lists_come_in_pages(web: AsyncWebClient) -> None:
    """The cursor of one page opens the next."""
    names = []
    async for page in await web.users_list(limit=2):
        assert len(page["members"]) <= 2
        names += [member["name"] for member in page["members"]]
    assert names == ["ana", "ben", "priya", "echo", "slackbot"]


async def test_people_have_their_own_time_zone(web: AsyncWebClient) -> None:
    """users.info gives zone and offset, and the locale when asked."""
    user = (await web.users_info(user="U0PRIYA", include_locale=True))["user"]
    assert (user["tz"], user["tz_offset"], user["locale"]) == ("Asia/Kolkata", 19800, "en-IN")
    assert await refusal(web.users_info(user="U0NOBODY")) == "user_not_found"


async def test_the_bot_joins_public_channels_only(web: AsyncWebClient) -> None:
    """conversations.join, and what info and members say then."""
    await web.conversations_join(channel="C0KITCHEN")
    assert (await web.conversations_info(channel="C0KITCHEN"))["channel"]["is_member"] is True
    assert BOT in (await web.conversations_members(channel="C0KITCHEN"))["members"]
    private = web.conversations_join(channel="C0OFFICE")
    assert await refusal(private) == "method_not_supported_for_channel_type"
    listed = await web.conversations_list(types="public_channel,private_channel")
    assert [c["name"] for c in listed["channels"]] == [
        "general",
        "front-desk",
        "kitchen",
        "office",
    ]


async def test_tokens_are_checked(slack: SlackServer, web: AsyncWebClient) -> None:
    """No token, a wrong one, the wrong kind, a revoked one; and a method nobody knows."""
    for token, error in (
        ("", "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        (slack.app_token, "not_allowed_token_type"),
    ):
        assert (
            await refusal(AsyncWebClient(token=token, base_url=slack.api_url).auth_test()) == error
        )
    for token, error in (
        ("xapp-wrong", "invalid_auth"),
        (slack.bot_token, "not_allowed_token_type"),
    ):
        assert await refusal(web.apps_connections_open(app_token=token)) == error
    assert await refusal(web.api_call("chat.sing")) == "unknown_method"
    slack.revoke_token()
    assert await refusal(web.auth_test()) == "token_revoked"


async def test_a_missing_scope_says_what_is_needed(clock: PushedClock) -> None:
    """needed and provided stand beside missing_scope."""
    manifest = {**MANIFEST, "oauth_config": {"scopes": {"bot": ["commands"]}}}
    server = SlackServer(Workspace(manifest, clock=clock))
    await server.start()
    web = AsyncWebClient(token=server.bot_token, base_url=server.api_url)
    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel="C0GENERAL", text="x")
    await server.close()
    answer = caught.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "chat:write",
        "commands",
    )


async def test_a_scope_for_one_kind_of_channel_does_not_open_another(web: AsyncWebClient) -> None:
    """channels:history does not read a private channel."""
    assert await refusal(web.conversations_history(channel="C0OFFICE")) == "missing_scope"


async def test_a_missing_argument_is_named(web: AsyncWebClient) -> None:
    """invalid_arguments with the field."""
    with pytest.raises(SlackApiError) as caught:
        await web.api_call("users.info", json={})
    assert caught.value.response["error"] == "invalid_arguments"
    messages = caught.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] missing required field: user"]


async def test_more_than_a_message_a_second_gets_429_until_time_has_passed(
    web: AsyncWebClient, clock: PushedClock
) -> None:
    """A short burst passes; then Retry-After; other channels go on."""
    for number in range(4):
        await web.chat_postMessage(channel="C0GENERAL", text=str(number))
    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel="C0GENERAL", text="too many")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    await web.chat_postMessage(channel="C0FRONTDESK", text="elsewhere")
    await clock.advance(1)
    await web.chat_postMessage(channel="C0GENERAL", text="later")


async def test_strict_limits_allow_no_burst(clock: PushedClock) -> None:
    """The second message within a second is refused."""
    server = SlackServer(Workspace(MANIFEST, clock=clock), limits=RateLimits.strict())
    await server.start()
    web = AsyncWebClient(token=server.bot_token, base_url=server.api_url, retry_handlers=[])
    await web.chat_postMessage(channel="C0GENERAL", text="1")
    second = await refusal(web.chat_postMessage(channel="C0GENERAL", text="2"))
    await server.close()
    assert second == "ratelimited"


async def test_a_tier_is_counted_per_minute(web: AsyncWebClient, clock: PushedClock) -> None:
    """conversations.list is tier 2: the 21st call within a minute waits for the first to age."""
    for _ in range(20):
        await web.conversations_list()
    await clock.advance(20)
    with pytest.raises(SlackApiError) as caught:
        await web.conversations_list()
    assert caught.value.response.headers["Retry-After"] == "40"
    await clock.advance(40)
    await web.conversations_list()


FAULTS: dict[str, tuple[Fault, int, str]] = {
    "429": (Fault.rate_limited(30), 429, "ratelimited"),
    "refused": (Fault.refused("internal_error"), 200, "internal_error"),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
async def test_a_planned_fault_happens_once(
    slack: SlackServer, web: AsyncWebClient, case: tuple[Fault, int, str]
) -> None:
    """The next call goes wrong without effect, the one after it works."""
    fault, status, error = case
    slack.faults.plan("chat.postMessage", fault)
    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel="C0GENERAL", text="x")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (status, error)
    assert list(slack.workspace.messages) == []
    await web.chat_postMessage(channel="C0GENERAL", text="x")
    assert len(list(slack.workspace.messages)) == 1


async def test_accepted_then_dropped_stores_the_message_and_answers_nothing(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    """The case in which a blind retry would post twice."""
    slack.faults.plan("chat.postMessage", Fault.accepted_then_dropped())
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await web.chat_postMessage(channel="C0GENERAL", text="once")
    assert [m.text for m in slack.workspace.messages] == ["once"]


async def test_a_server_error_may_come_before_or_after_the_effect(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    """A 503 says nothing about whether the message is there."""
    slack.faults.plan("chat.postMessage", Fault.server_error(503))
    slack.faults.plan("chat.postMessage", Fault.server_error(500, accepts=True))
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await web.chat_postMessage(channel="C0GENERAL", text="x")
    assert len(list(slack.workspace.messages)) == 1


async def test_a_hanging_call_ends_with_the_server(slack: SlackServer, web: AsyncWebClient) -> None:
    """No answer comes; the client's own limit is what ends it."""
    slack.faults.plan("auth.test", Fault.hang())
    web.timeout = 1
    with pytest.raises(TimeoutError):
        await web.auth_test()


async def test_a_file_is_uploaded_shared_and_downloaded_with_the_token_only(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    """The three steps of an upload, and the login page for those without a token."""
    shared = await web.files_upload_v2(
        channel="C0GENERAL", filename="calls.csv", content="a,b", initial_comment="Here"
    )
    url = shared["files"][0]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        anonymous = await (await session.get(url)).text()
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        content = await (await session.get(url, headers=headers)).read()
    assert "Sign in" in anonymous
    assert content == b"a,b"
    (message,) = slack.workspace.messages.of("C0GENERAL")
    assert (message.text, message.files[0]["name"]) == ("Here", "calls.csv")


async def test_home_needs_the_tab_and_a_matching_hash(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    """views.publish shows Home, refuses an older state and a modal."""
    first = await web.views_publish(user_id="U0BEN", view=home(section("one")))
    await web.views_publish(user_id="U0BEN", view=home(section("two")), hash=first["view"]["hash"])
    older = web.views_publish(user_id="U0BEN", view=home(), hash=first["view"]["hash"])
    assert await refusal(older) == "hash_conflict"
    assert await refusal(web.views_publish(user_id="U0BEN", view=modal())) == "invalid_arguments"
    published = slack.user("ben").open_home()
    assert published is not None
    assert published.blocks[0]["text"]["text"] == "two"


async def test_reactions_and_permalinks(web: AsyncWebClient) -> None:
    """An emoji goes on once; a reply's link names its thread."""
    root = (await web.chat_postMessage(channel="C0GENERAL", text="root"))["ts"]
    reply = await web.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root)
    await web.reactions_add(channel="C0GENERAL", timestamp=root, name="phone")
    twice = web.reactions_add(channel="C0GENERAL", timestamp=root, name="phone")
    assert await refusal(twice) == "already_reacted"
    link = await web.chat_getPermalink(channel="C0GENERAL", message_ts=reply["ts"])
    assert link["permalink"].endswith(f"?thread_ts={root}&cid=C0GENERAL")
