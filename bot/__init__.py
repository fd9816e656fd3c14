"""Robocall: a Slack bot that rings people and shows what happens in one thread."""
