"""The request after this response, or none: Outreach's links, its offsets, PlanMySaaS's cursors.

Every URL that a server gave becomes a request in `follow` and nowhere else, so a token cannot be led away from its
origin or out of the API. How many pages are worth asking for is the caller's to say, below `MAX_PAGES`.
"""

from __future__ import annotations

import collections.abc as abc
import re
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes

from msgspec.structs import replace

from .errors import ConfigurationError, InvalidResponse
from .messages import Request
from .urls import encode

# A walk ends with an error after so many pages: 100 million rows at 1,000 a page, past the API's own count limit.
MAX_PAGES = 100_000
# Rows (Outreach, making requests).
MAX_PAGE_SIZE = 1_000
MAX_OFFSET = 10_000
MAX_LINK = 65_536  # characters of a link or a cursor

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*))?(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?"
)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")
_DECODINGS = 3
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_QUERY_SAFE = "!$%&'()*+,/:;=?@"  # RFC 3986, and the percent sign of what is encoded already
_CURSOR_PLACES = ("meta", "page", "pagination")
# A name that says "next" decides, even by being null; a bare `cursor` may be the echo of the one that was sent.
_CURSOR_NAMES = ("nextCursor", "next_cursor", "cursor")


def follow(request: Request, url: str, base: str = "/api/v2") -> Request:
    """Give the GET of a URL that the server gave in its answer to `request`; path and query are kept as they are.

    The URL is absolute, with scheme, host and port of the request's origin, or starts at the root; its path stays
    below `base`. Raises InvalidResponse for any other origin, user information, a fragment, a backslash, a control
    character, a path outside of `base`, or one with dot-segments in any encoding.
    """
    parts = None if len(url) > MAX_LINK or _forbidden(url) else _URL.fullmatch(url)
    if parts is None:
        raise _refused(request, "is not a plain URL")
    scheme, authority, path, query = parts.group("scheme", "authority", "path", "query")
    if scheme is not None and _origin(scheme, authority) != _origin(*request.origin.split("://", 1)):
        raise _refused(request, "leads to another origin")
    if path != base and not path.startswith(base + "/"):
        raise _refused(request, f"leads out of {base}")
    if not _PLAIN_PATH.fullmatch(path) or any(map(_climbs, path.split("/"))):
        raise _refused(request, "has a path that is not plain")
    encoded = quote(query or "", safe=_QUERY_SAFE)
    return replace(request, method="GET", path=path, query=encoded, body=None, replay=None)


def next_page(request: Request, next_url: str | None, seen: abc.Set[str], base: str = "/api/v2") -> Request | None:
    """Give the request of the next page, or None after the last.

    `seen` holds the `target()` of every page asked for so far. Raises InvalidResponse when the link leads back to
    one of them, and for what `follow` refuses.
    """
    if not next_url:
        return None
    following = follow(request, next_url, base)
    where = target(following)
    if where in seen or where == target(request):
        raise InvalidResponse("the link to the next page leads to a page already seen", request=request)
    return following


def target(request: Request) -> str:
    """Give what a page is told apart by: path and parameters, whatever their order and encoding."""
    return request.path + "?" + "&".join(sorted(map(_canonical, request.query.split("&"))))


def cursor_of(body: abc.Mapping[str, object], request: Request | None = None) -> str | None:
    """Give the cursor of the next page of a PlanMySaaS answer, or None after the last page.

    Its place is not documented, so every plausible one is read: `nextCursor`, `next_cursor`, `cursor`, at the top or
    under `meta`, `page` or `pagination`. Raises InvalidResponse for a cursor that is neither text nor integer;
    `request` is the call that its text names.
    """
    places = [body, *(place for place in map(body.get, _CURSOR_PLACES) if isinstance(place, abc.Mapping))]
    found = next((place[name] for name in _CURSOR_NAMES for place in places if name in place), None)
    if found is None or found is False:
        return None
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise InvalidResponse(f"the cursor of the next page is a {type(found).__name__}, not a text", request=request)
    if len(text := str(found)) > MAX_LINK:
        raise InvalidResponse(f"the cursor of the next page is longer than {MAX_LINK:,} characters", request=request)
    return text or None


def next_cursor(request: Request, cursor: str | None, seen: abc.Set[str]) -> Request | None:
    """Give the request of the next page of a PlanMySaaS list, or None after the last.

    `seen` holds the cursors sent so far. Raises InvalidResponse when this one is among them, or was just sent.
    """
    if cursor is None:
        return None
    following = with_parameter(request, "cursor", cursor)
    if cursor in seen or target(following) == target(request):
        raise InvalidResponse("the cursor of the next page is one already sent", request=request)
    return following


def with_parameter(request: Request, name: str, value: str) -> Request:
    """Give the request with one query parameter set, in place of any of that name; all others are kept."""
    others = [field for field in request.query.split("&") if field and unquote_plus(field.partition("=")[0]) != name]
    return replace(request, query="&".join([*others, encode([(name, value)])]))


def check_page_size(size: int) -> None:
    """Raise ConfigurationError unless a page may have so many rows: 1 to 1,000."""
    if isinstance(size, bool) or not 1 <= size <= MAX_PAGE_SIZE:
        raise ConfigurationError(f"a page has 1 to {MAX_PAGE_SIZE:,} rows, not {size!r}")


def check_offset(offset: int, limit: int) -> None:
    """Raise ConfigurationError unless offset paging (deprecated) reaches so far: 0 to 10,000, by 1 to 1,000 rows."""
    if isinstance(offset, bool) or not 0 <= offset <= MAX_OFFSET:
        raise ConfigurationError(
            f"an offset is 0 to {MAX_OFFSET:,}, not {offset!r}", hint="Follow the pages instead; they have no end."
        )
    check_page_size(limit)


def _forbidden(url: str) -> bool:
    return "\\" in url or any(ch < " " or "\x7f" <= ch <= "\x9f" or "\ud800" <= ch <= "\udfff" for ch in url)


def _origin(scheme: str, authority: str) -> tuple[str, str]:
    # Compared as text: a host spelled in any other way (a number, a trailing dot, another script) is another host.
    scheme = scheme.lower()
    return scheme, authority.lower().removesuffix(_DEFAULT_PORTS.get(scheme, "\0"))


def _climbs(segment: str) -> bool:
    """Tell whether a segment, decoded as often as a careless server might, could be a dot-segment or a separator."""
    for _ in range(_DECODINGS):
        segment = unquote(segment)
    if unquote(segment) != segment:
        return True  # encoded over and over: nobody means well by that, and each layer costs a pass
    # No path of either API holds anything but ASCII; beyond it lie overlong and full-width spellings of the dot.
    return segment.partition(";")[0] in {".", ".."} or "/" in segment or not segment.isascii() or _forbidden(segment)


def _canonical(field: str) -> str:
    name, _, value = field.partition("=")
    return f"{quote(unquote_to_bytes(name), safe='')}={quote(unquote_to_bytes(value), safe='')}"


def _refused(request: Request, why: str) -> InvalidResponse:
    # The URL itself is left out: it may be crafted, and it may carry what a log should not.
    return InvalidResponse(f"a link in the answer {why}; it was not followed", request=request)
