import pytest

from autograder.loopback import waits


def test_without_the_variable_waits_are_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(waits.VARIABLE, raising=False)
    assert waits.factor() == 1
    assert waits.seconds(0.25) == 0.25


@pytest.mark.parametrize(("text", "factor"), [("3", 3), ("0.5", 0.5), (" 2 ", 2), ("", 1)])
def test_the_variable_scales_every_wait(monkeypatch: pytest.MonkeyPatch, text: str, factor: float) -> None:
    monkeypatch.setenv(waits.VARIABLE, text)
    assert waits.factor() == factor
    assert waits.seconds(4) == 4 * factor


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan", "inf", "1e999", "1,5"])
def test_nonsense_names_the_variable_the_value_and_the_cure(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(waits.VARIABLE, text)
    with pytest.raises(ValueError) as caught:
        waits.seconds(1)
    assert waits.VARIABLE in str(caught.value)
    assert repr(text) in str(caught.value)
    assert "above 0" in str(caught.value)
