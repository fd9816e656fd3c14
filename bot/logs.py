"""Logs: one sentence-like event name and its fields, as text for people or JSON for machines.

What the libraries log is kept to warnings: at INFO and below Bolt logs payloads and httpx
whole addresses, which carry phone numbers and tokens (slack-facts 1.3, fault-catalogue A8).
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

NOISY = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp", "apscheduler", "asyncio")


def configure(*, level: str, is_json: bool) -> None:
    """Set up logging for the whole process, to standard error."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(_is_fit_to_print)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(numeric)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, numeric))


def _is_fit_to_print(record: logging.LogRecord) -> bool:
    """Not what a library logs at a level it gave itself, as Bolt does with the root's."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in NOISY
