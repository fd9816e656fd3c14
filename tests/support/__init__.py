"""What the tests stand on: peers that behave, or misbehave on purpose."""
