"""The table of the Web API: method, scopes, rate limit tier (slack-facts 4 and 6)."""

from __future__ import annotations

from bot.sandbox.slack.call import APP_TOKEN, Method
from bot.sandbox.slack.methods import chat, conversations, files, identity, views

_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS: dict[str, Method] = {
    "auth.test": Method(run=identity.auth_test, tier=0),
    "apps.connections.open": Method(run=identity.connections_open, tier=1, token=APP_TOKEN),
    "users.info": Method(run=identity.users_info, scopes=("users:read",), tier=4),
    "users.list": Method(run=identity.users_list, scopes=("users:read",), tier=2),
    "chat.postMessage": Method(run=chat.post_message, scopes=("chat:write",), is_paced=True),
    "chat.postEphemeral": Method(run=chat.post_ephemeral, scopes=("chat:write",), tier=4),
    "chat.update": Method(run=chat.update, scopes=("chat:write",)),
    "chat.delete": Method(run=chat.delete, scopes=("chat:write",)),
    "chat.getPermalink": Method(run=chat.get_permalink, tier=0),
    "reactions.add": Method(run=chat.add_reaction, scopes=("reactions:write",)),
    "views.open": Method(run=views.open_view, tier=4),
    "views.push": Method(run=views.push, tier=4),
    "views.update": Method(run=views.update, tier=4),
    "views.publish": Method(run=views.publish, tier=4),
    "conversations.open": Method(run=conversations.open_direct, scopes=("im:write",)),
    "conversations.info": Method(run=conversations.info, scopes=_READ),
    "conversations.list": Method(run=conversations.list_all, scopes=_READ, tier=2),
    "conversations.members": Method(run=conversations.members, scopes=_READ, tier=4),
    "conversations.join": Method(run=conversations.join, scopes=("channels:join",)),
    "conversations.history": Method(run=conversations.history, scopes=_HISTORY),
    "conversations.replies": Method(run=conversations.replies, scopes=_HISTORY),
    "files.getUploadURLExternal": Method(run=files.begin_upload, scopes=("files:write",), tier=4),
    "files.completeUploadExternal": Method(
        run=files.complete_upload, scopes=("files:write",), tier=4
    ),
    "files.info": Method(run=files.info, scopes=("files:read",), tier=4),
}
