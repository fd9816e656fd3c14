"""Files of the embedded workspace: uploaded by a person or by the app, kept in memory."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.slack.refusal import Refusal

MAX_BYTES = 10 * 1024 * 1024


@dataclass(kw_only=True)
class File:
    """A file; `content` is None until its bytes have arrived."""

    file_id: str
    name: str
    user_id: str
    length: int
    created_at: datetime
    secret: str = field(default_factory=lambda: secrets.token_hex(8))
    title: str = ""
    content: bytes | None = None
    is_complete: bool = False

    def to_api(self, base_url: str) -> dict[str, Any]:
        """The file object; `base_url` is where this server hands the bytes out."""
        url = f"{base_url}files-pri/{self.file_id}/{self.name}"
        return {
            "id": self.file_id,
            "name": self.name,
            "title": self.title or self.name,
            "user": self.user_id,
            "size": self.length,
            "created": int(self.created_at.timestamp()),
            "filetype": self.name.rpartition(".")[2],
            "mimetype": "text/csv" if self.name.endswith(".csv") else "application/octet-stream",
            "mode": "hosted",
            "is_external": False,
            "url_private": url,
            "url_private_download": url,
        }


class Files:
    """All files by id."""

    def __init__(self) -> None:
        """Start empty."""
        self._files: dict[str, File] = {}
        self._count = itertools.count(1)

    def begin(self, name: str, *, user_id: str, length: int, now: datetime) -> File:
        """A file whose bytes are still to come."""
        file_id = f"F0{next(self._count):06d}"
        created = File(file_id=file_id, name=name, user_id=user_id, length=length, created_at=now)
        self._files[file_id] = created
        return created

    def receive(self, found: File, content: bytes) -> None:
        """Take the bytes; their number must be the one that was announced."""
        if len(content) != found.length or len(content) > MAX_BYTES:
            raise Refusal("upload_failed")
        found.content = content

    def find(self, file_id: str) -> File:
        """The file of that id, else the refusal `file_not_found`."""
        if file_id not in self._files:
            raise Refusal("file_not_found")
        return self._files[file_id]
