"""What must not be seen does not stand in a `repr`."""

from clawmedic.configuration.sections import NotifySection, SignalsSection
from clawmedic.gateway.answers import HistoryMessage
from clawmedic.model.discreet import Discreet
from clawmedic.model.notice import Notice, NoticeKind


def test_secrets_and_words_of_people_are_left_out():
    words = "walnut-0815"
    values = (
        NotifySection(urls=(words,)),
        SignalsSection(ping_url=words),
        HistoryMessage("id", "user", words),
        Notice(NoticeKind.OUTAGE, 1, ("agent:main:a",), "down", quotes=(words,)),
    )
    for value in values:
        assert words not in repr(value) + str(value)
        assert repr(value).startswith(f"{type(value).__name__}(")
    assert "agent:main:a" in repr(values[-1])


def test_what_is_hidden_is_there():
    kinds = Discreet.__subclasses__()
    assert {NotifySection, SignalsSection, HistoryMessage, Notice} <= set(kinds)
    for kind in kinds:
        assert kind.hidden, kind
        assert kind.hidden <= set(kind.__struct_fields__), kind
