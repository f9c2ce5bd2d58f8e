"""Every way the simulated Outreach says no, each in one place and letter for letter where the letters are known.

Known (Outreach, making requests; third parties' captures): the ids and texts of unknown attributes and fields, missing
scopes, records and routes that are not there, the wrong media type, and the 422s of duplicate and excluded e-mail
addresses. The ids of refused filters, sorts, includes, pages and bodies are not known: ours follow the pattern of
`fieldsParameter.unknownResourceField`.
"""

from __future__ import annotations

from ..protocol.messages import JSON, Response
from .calls import error_answer, json_answer


class Refused(Exception):
    """Ends the handling of a call with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"refused with {response.status}")
        self.response = response


def _refused(status: int, code: str, title: str, detail: str, pointer: str = "") -> Refused:
    return Refused(error_answer(status, code, title, detail, pointer=pointer))


def route_not_found() -> Refused:
    """Refuse a path under the API that leads nowhere."""
    return _refused(404, "routeNotFound", "Route Not Found", "The requested route could not be found.")


def gateway_not_found() -> Refused:
    """Refuse a path outside of the API; the answer is the gateway's, not JSON:API."""
    return Refused(json_answer(404, {"error": "404", "error_description": "route not found"}, media_type=JSON))


def record_not_found(type: str, id: str) -> Refused:
    """Refuse an id that no record has."""
    return _refused(404, "resourceNotFound", "Resource Not Found", f"Could not find '{type}' with ID '{id}'.")


def wrong_media_type() -> Refused:
    """Refuse a body that is not said to be JSON:API. The documented sample spells the text `details`."""
    detail = "Expected Content-Type header to be 'application/vnd.api+json'."
    return Refused(error_answer(415, "unsupportedMediaType", "Unsupported Media Type", detail, detail_key="details"))


def missing_scope(scope: str) -> Refused:
    """Refuse a token without the scope."""
    detail = f"Your authorization does not include the required scope '{scope}'."
    return _refused(403, "unauthorizedOauthScope", "Unauthorized OAuth Scope", detail)


def unknown_attribute(name: str, type: str) -> Refused:
    """Refuse a body that names what the type does not have, or does not let anybody write."""
    detail = f"The attribute '{name}' is not permitted for '{type}'."
    return _refused(400, "permittedParams.unknownAttribute", "Unknown Attribute", detail)


def unknown_relationship(name: str, type: str) -> Refused:
    """Refuse a body with a relationship that is unknown or read-only."""
    detail = f"The relationship '{name}' is not permitted for '{type}'."
    return _refused(400, "permittedParams.unknownRelationship", "Unknown Relationship", detail)


def unknown_field(name: str, type: str) -> Refused:
    """Refuse a name in `fields[type]`, or the type itself."""
    detail = f"The field '{name}' does not exist on '{type}'." if name else f"The resource '{type}' does not exist."
    return _refused(400, "fieldsParameter.unknownResourceField", "Unknown Resource Field", detail)


def bad_filter(path: str, why: str = "is not a filter of this resource") -> Refused:
    """Refuse a filter: unknown, not filterable, or with a value that cannot be read."""
    return _refused(400, "filterParameter.invalidFilter", "Invalid Filter", f"The filter '{path}' {why}.")


def bad_sort(name: str, type: str) -> Refused:
    """Refuse a sort key that is unknown or not sortable."""
    return _refused(400, "sortParameter.unknownSortField", "Unknown Sort Field", f"'{type}' cannot sort by '{name}'.")


def bad_include(path: str, type: str) -> Refused:
    """Refuse an include path that names no relationship."""
    detail = f"'{path}' is not a path of relationships from '{type}'."
    return _refused(400, "includeParameter.unknownRelationship", "Unknown Relationship", detail)


def include_on_write() -> Refused:
    """Refuse `include` on a create or an update, removed on 2023-10-31 (Outreach, deprecated features)."""
    detail = "The include parameter is not supported when creating or updating."
    return _refused(400, "includeParameter.notSupported", "Include Not Supported", detail)


def bad_page(name: str, why: str) -> Refused:
    """Refuse a page parameter."""
    return _refused(400, "pageParameter.invalidValue", "Invalid Page Parameter", f"The parameter '{name}' {why}.")


def bad_action_params(name: str, why: str) -> Refused:
    """Refuse an action's parameters: unacceptable ones are a 400 (Outreach, making requests)."""
    detail = f"The action parameter '{name}' {why}."
    return _refused(400, "actionParams.invalidParameter", "Invalid Action Parameter", detail)


def bad_body(why: str) -> Refused:
    """Refuse a body that is not a JSON:API document for this route."""
    return _refused(400, "invalidRequestBody", "Invalid Request Body", f"The request body {why}.")


def invalid(detail: str, pointer: str = "/data") -> Refused:
    """Refuse a write that breaks a rule of the record."""
    return _refused(422, "validationError", "Validation Error", detail, pointer)


def blank(name: str, *, relationship: bool = False) -> Refused:
    """Refuse a write without something required, saying `Name can't be blank.` at its pointer."""
    group = "relationships" if relationship else "attributes"
    return invalid(f"{_words(name)} can't be blank.", f"/data/{group}/{name}")


def invalid_value(name: str, why: str) -> Refused:
    """Refuse the value of an attribute."""
    return invalid(f"{_words(name)} {why}.", f"/data/attributes/{name}")


def too_long() -> Refused:
    """Refuse a text longer than its column; the answer does not say which."""
    detail = "Data provided is too long."
    return _refused(422, "validationDataTooLongError", "Validation Data Too Long Error", detail)


def email_taken() -> Refused:
    """Refuse a prospect with an e-mail address that another prospect has."""
    return invalid("Contacts email hash has already been taken.")


def email_excluded() -> Refused:
    """Refuse a prospect with an e-mail address on the organisation's list of exclusions."""
    return invalid("Contacts contact is using an excluded email address.")


def contact_exists() -> Refused:
    """Refuse an e-mail address that exists already, or a PATCH that changes nothing."""
    detail = "A Contact with this email_hash already exists."
    return _refused(422, "validationDuplicateValueError", "Validation Duplicate Value Error", detail)


def impossible(why: str) -> Refused:
    """Refuse an action that the record's state does not allow: 422, its id unknown."""
    return invalid(why)


def _words(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words[:1].upper() + words[1:]
