from __future__ import annotations

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.switches import Rate, Switches, describe, parse


def test_texts_become_typed_values() -> None:
    switches = Switches().with_values(
        parse(["rotation=keep", "quota=300/10", "merged_headers=on", "mint_throttle=0.5", "refresh_tokens=2"])
    )
    assert switches.rotation == "keep"
    assert switches.quota == Rate(300, 10.0)
    assert switches.merged_headers is True
    assert switches.mint_throttle == 0.5
    assert switches.refresh_tokens == 2


def test_python_values_are_taken_too() -> None:
    switches = Switches().with_values({"quota": Rate(5, 60.0), "merged_headers": False, "mint_throttle": 0})
    assert switches.quota.limit == 5
    assert switches.merged_headers is False
    assert switches.mint_throttle == 0


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("rotatoin=keep", "Did you mean rotation?"),
        ("zzzzzz=1", "--switches"),
        ("rotation=never", "revoke_immediately|revoke_on_first_use|keep"),
        ("quota=300", "limit/seconds"),
        ("quota=300/0", "limit/seconds"),
        ("merged_headers=maybe", "on|off"),
        ("mint_throttle=nan", "seconds"),
        ("mint_throttle=-1", "seconds"),
        ("refresh_tokens=many", "whole number"),
    ],
)
def test_what_is_unknown_is_refused_with_what_would_do(setting: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Switches().with_values(parse([setting]))
    assert told in str(caught.value)


def test_a_setting_without_equals_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="name=value"):
        parse(["rotation"])


def test_every_switch_is_described_and_its_default_text_sets_it_again() -> None:
    listed = describe()
    assert {item.name for item in listed} == set(Switches().as_texts())
    assert all(item.about and item.values for item in listed)
    assert Switches().with_values({item.name: item.default for item in listed}) == Switches()
    assert Switches().with_values(Switches().as_texts()) == Switches()
