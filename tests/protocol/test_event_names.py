"""The events of both vendors, as their documents list them."""

from outreach_async.protocol.event_names import (
    INSTALL_EVENTS,
    OUTREACH_ACTIONS,
    OUTREACH_EVENTS,
    PLANMYSAAS_EVENTS,
    PLANMYSAAS_RESERVED,
)


def test_every_outreach_event_is_an_action_of_its_resource():
    assert len(OUTREACH_EVENTS) == len(set(OUTREACH_EVENTS)) == 42
    for event in OUTREACH_EVENTS:
        resource, action = event.split(".")
        assert action in OUTREACH_ACTIONS[resource]
    assert {"mailing.bounced", "sequenceState.finished", "task.completed", "kaiaRecording.created"} <= set(
        OUTREACH_EVENTS
    )


def test_the_other_events():
    assert len(PLANMYSAAS_EVENTS) == 11
    assert not set(PLANMYSAAS_EVENTS) & set(PLANMYSAAS_RESERVED)
    assert set(INSTALL_EVENTS) == {"install.created", "install.deleted"}
