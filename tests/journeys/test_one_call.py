from __future__ import annotations

from tests.support.world import ANSWERS_AND_PRESSES_1, DESK, World


async def test_from_the_form_to_the_key_press(world: World) -> None:
    """Ben fills in the form, the phone rings, the callee presses 1, the thread tells."""
    await world.start_bot()
    ben = world.person("ben")
    await ben.command("/robocall", "", DESK)
    await world.clock.settle()
    form = ben.form()
    sent = await ben.submit(
        form,
        {
            "to": ANSWERS_AND_PRESSES_1,
            "message": "Hello {{name}}, press 1 to confirm.",
            "variables": "name=Ann",
            "keypad": "1 Confirm: Thank you!",
            "goal": "1",
        },
    )
    assert sent.is_closed
    await world.pass_time(60)
    thread = world.thread()
    for words in ("Ringing +1 ••• ••• 0101.", "Answered.", "Pressed 1: Confirm.", "Goal met"):
        assert words in thread
    assert world.heard(ANSWERS_AND_PRESSES_1) == ["Hello Ann, press 1 to confirm.", "Thank you!"]
    call = world.call()
    assert (call["state"], call["result"], call["digit"]) == ("ended", "answered", "1")
    assert (call["goal_met"], call["attempts"]) == (1, 1)
    assert call["thread_ts"] == world.card().ts
