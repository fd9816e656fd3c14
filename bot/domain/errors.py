"""Everything that can go wrong on purpose, drawn once.

RobocallError
|- InvalidRequest       the person can fix it; `problems` names field and cure, and is shown
|- NotAllowed           the person may not do this; the text is shown
|- VoiceError           of looking up and cancelling only (placing returns an outcome instead)
|  |- VoiceUnavailable      temporary: try again later
|  |- VoiceRefused          permanent: the service said no, `code` and its own words say why
|  |- VoiceSpokeNonsense    they broke the contract
|- InvalidTransition    a late or impossible event; recorded, harmless
|- UntrustedWebhook     a token that is not ours
|- StoreUnavailable     the database cannot take writes now; nothing was saved
"""

from __future__ import annotations

from collections.abc import Mapping


class RobocallError(Exception):
    """The root of the tree."""


class InvalidRequest(RobocallError):
    """What was asked for cannot be dialled; `problems` maps a field name to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(self.problems.values()))


class NotAllowed(RobocallError):
    """This person may not do this; the message says who may."""


class VoiceError(RobocallError):
    """Looking up or cancelling a call at the voice service did not work."""


class VoiceUnavailable(VoiceError):
    """The voice service cannot be reached or is overloaded: try again later."""


class VoiceRefused(VoiceError):
    """The voice service said no for good; `code` is its HTTP status."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class VoiceSpokeNonsense(VoiceError):
    """The voice service broke its own contract."""


class InvalidTransition(RobocallError):
    """This event cannot happen to a call in this state; the state is untouched."""


class UntrustedWebhook(RobocallError):
    """The address carries no token of ours."""


class StoreUnavailable(RobocallError):
    """The database cannot take writes now; nothing was saved."""
