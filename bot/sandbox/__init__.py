"""Embedded peers of the bot, for the demo, `robocall sandbox` and tests.

Each is an independent network server, written from the documents of the service it stands for.
Nothing here imports the bot, so that a mistake in one is caught by the other.
"""
