"""Names on both sides, there and back."""

import pytest

from outreach_async.protocol.names import camel, snake


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("firstName", "first_name"),
        ("linkedInUrl", "linked_in_url"),
        ("addressStreet2", "address_street2"),
        ("websiteUrl1", "website_url1"),
        ("id", "id"),
        ("sequenceStates", "sequence_states"),
        ("oceSalesforceEmailDecorating", "oce_salesforce_email_decorating"),
    ],
)
def test_there_and_back(wire, python):
    assert snake(wire) == python
    assert camel(python) == wire


def test_keywords_and_acronyms():
    assert camel("from_") == "from"
    assert snake("userID") == "user_id"
    assert snake("HTTPServer") == "http_server"
