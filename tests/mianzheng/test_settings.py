"""What the environment may set: the profile by its name, and nothing that is none."""

import pytest
from pydantic import ValidationError

from mianzheng.settings import Settings


def test_the_profile_is_one_of_two_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_PROFILE", raising=False)
    assert Settings().profile is None
    for name in ("standard", "sm"):
        monkeypatch.setenv("HUB_PROFILE", name)
        assert Settings().profile == name
    for name in ("SM", "sm2", ""):
        monkeypatch.setenv("HUB_PROFILE", name)
        with pytest.raises(ValidationError, match="profile"):
            Settings()
