"""Logging is one thing for the whole process: a test that sets it up puts it back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from bot.logs import NOISY


@contextmanager
def logging_put_back() -> Iterator[None]:
    """Whatever is set up inside, for structlog and for logging, ends with it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}
    configured = structlog.get_config()
    try:
        yield
    finally:
        structlog.configure(**configured)
        root.handlers = handlers
        root.setLevel(level)
        for name, its_level in levels.items():
            logging.getLogger(name).setLevel(its_level)
