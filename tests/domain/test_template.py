from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import template


def test_placeholders_are_found_once_and_in_order() -> None:
    """Blanks inside the braces do not matter."""
    assert template.placeholders("{{b}} {{ a }} {{b}} {{1}} {c}") == ("b", "a")


def test_filling_leaves_what_it_does_not_know() -> None:
    """A placeholder without a value stays visible in the preview."""
    assert template.fill("Hi {{name}}, {{ time }}", {"name": "Ann"}) == "Hi Ann, {{ time }}"


def test_a_value_is_never_a_template() -> None:
    """What a value holds is not filled again."""
    assert template.fill("{{a}}", {"a": "{{b}}", "b": "x"}) == "{{b}}"


def test_missing_and_unused_name_what_does_not_fit() -> None:
    """A blank value fills nothing."""
    values = {"name": "Ann", "time": " ", "nmae": "x"}
    assert template.missing("{{name}} {{time}} {{day}}", values) == ("time", "day")
    assert template.unused("{{name}} {{time}}", values) == ("nmae",)


def test_tidy_writes_placeholders_as_the_contract_does() -> None:
    """The contract shows no blanks inside the braces."""
    assert template.tidy("{{ name }} at {{time}}") == "{{name}} at {{time}}"


@pytest.mark.parametrize(
    ("text", "is_stray"),
    [
        ("Hi {{name}}", False),
        ("a { b } c", False),
        ("{{first name}}", True),
        ("{{name}", True),
        ("}}", True),
        ("{{{{a}}}}", True),
    ],
)
def test_braces_outside_placeholders_are_seen(text: str, is_stray: bool) -> None:
    """They would be spoken."""
    assert template.has_stray_braces(text) == is_stray


@pytest.mark.parametrize(
    ("text", "is_name"), [("name", True), ("_a1", True), ("1a", False), ("a-b", False), ("", False)]
)
def test_variable_names(text: str, is_name: bool) -> None:
    """Letters, digits and `_`, no digit first."""
    assert template.is_variable_name(text) == is_name


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True),
        st.text(alphabet="abc {}", max_size=5).filter(lambda value: not template.has_braces(value)),
        max_size=4,
    )
)
def test_a_text_made_of_its_variables_is_filled_exactly(values: dict[str, str]) -> None:
    """Nothing is missing, nothing is unused, and the values stand where the names stood."""
    text = "|".join(f"{{{{{name}}}}}" for name in values)
    assert template.fill(text, values) == "|".join(values.values())
    assert template.unused(text, values) == ()
    assert all(not values[name].strip() for name in template.missing(text, values))
