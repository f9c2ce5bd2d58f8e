"""Companies and the people in them, with their addresses and numbers."""

from __future__ import annotations

from typing import Any

from .people import Accounts, Prospects, email_hash
from .seed_settings import ADMIN
from .seed_words import CITIES, COMPANIES, FIRST, INDUSTRIES, KINDS, LAST, STAGES, TAGS, TITLES
from .soil import MOMENTS, Soil
from .store import Ref

_PER_ACCOUNT = 5
_CONTACTED = [[0, 0]] * 10 + [[0, 1], [1, 2]]


def plant_people(soil: Soil, count: int) -> None:
    """Put down so many prospects, an account for every five of them, and the deals between the two."""
    for number in range(-(-count // _PER_ACCOUNT)):
        _account(soil, number, count)
    for number in range(count):
        _prospect(soil, number, count)
    for number in range(-(-count // 12)):
        _opportunity(soil, number, count)
    for number in range(min(count, 20)):
        _favorite(soil, number)
    for number in range(min(5, count)):
        soil.row(
            "vehicle",
            {"name": f"Carriage {number + 1}", "wheels": 4, **soil.times(0.5)},
            {"account": soil.any("account"), "owner": ADMIN},
        )


def _account(soil: Soil, number: int, count: int) -> None:
    name = f"{soil.pick(COMPANIES)} {soil.pick(KINDS)} {number + 1}"
    domain = f"{name.replace(' ', '-').lower()}.example"
    city = soil.pick(CITIES)
    attributes = {
        **Accounts.defaults,
        "companyType": "Private Company",
        "customId": f"A-{number + 1:06}",
        "domain": domain,
        "industry": soil.pick(INDUSTRIES),
        "locality": city[0],
        "name": name,
        # One in twenty is unnamed: it is there, and lists leave it out.
        "named": number % 20 != 19,
        "naturalName": name,
        "numberOfEmployees": int(10 + soil.random() ** 4 * 20_000),
        "websiteUrl": f"https://{domain}",
        **soil.times(number * _PER_ACCOUNT / count),
    }
    owner = soil.any("user")
    row_id = soil.row("account", attributes, {"owner": owner, "creator": ADMIN, "updater": owner})
    if number % 5 == 0:
        about = {"message": "Renewal in spring.", "noteType": "note", "pinned": False, **soil.times(0.5)}
        soil.row("accountNote", about, {"account": ("account", row_id), "creator": owner})
    if number % 4 == 0:
        _purchase(soil, ("account", row_id), owner)


def _purchase(soil: Soil, account: Ref, owner: Ref) -> None:
    values = {
        "currency": "USD",
        "startDate": MOMENTS[len(MOMENTS) // 2][:10],
        "status": True,
        "totalQuantity": 1 + int(soil.random() * 9),
        "totalValue": float(int(soil.random() * 10_000)),
        **soil.times(0.6),
    }
    one = {"account": account, "owner": owner, "creator": ADMIN, "updater": owner, "product": soil.any("product")}
    soil.row("purchase", values, one)


def _prospect(soil: Soil, number: int, count: int) -> None:
    row_id = number + 1
    account = 1 + number // _PER_ACCOUNT
    times = soil.times(number / count)
    owner = soil.any("user")
    one: dict[str, Ref] = {"account": ("account", account), "owner": owner, "creator": ADMIN, "updater": owner}
    one["stage"] = ("stage", soil.pick(STAGES)[0])
    if row_id % 3 == 0:
        one["persona"] = soil.any("persona")
    attributes = {**_person(soil, row_id, soil.store.column("account", "name")[account]), **_record(row_id, times)}
    soil.row("prospect", attributes, one, {"assignedUsers": [owner]})
    phone = (attributes.get("mobilePhones") or attributes["workPhones"])[0]
    _contacts(soil, ("prospect", row_id), attributes["emails"], phone, times)


def _person(soil: Soil, row_id: int, company: str) -> dict[str, Any]:
    """Give what a person is and where."""
    first, last = soil.pick(FIRST), soil.pick(LAST)
    city, state, country, zone = soil.pick(CITIES)
    email = f"{first}.{last}.{row_id}@{company.replace(' ', '-')}.example".lower()
    attributes = {
        "addressCity": city,
        "addressCountry": country,
        "addressState": state,
        "company": company,
        "emails": [email, f"{first}{row_id}@home.example".lower()] if row_id % 5 == 0 else [email],
        "firstName": first,
        "lastName": last,
        "linkedInSlug": f"{first}-{last}-{row_id}".lower(),
        "linkedInUrl": f"https://www.linkedin.com/in/{first}-{last}-{row_id}".lower(),
        "mobilePhones" if row_id % 2 else "workPhones": [f"+1555{row_id:07}"],
        "name": f"{first} {last}",
        "occupation": soil.pick(TITLES),
        "timeZone": zone,
        "timeZoneIana": zone,
        "timeZoneInferred": zone,
        "title": soil.pick(TITLES),
    }
    if row_id % 3 == 0:
        attributes["tags"] = [soil.pick(TAGS)]
    return attributes


def _record(row_id: int, times: dict[str, Any]) -> dict[str, Any]:
    """Give what has been noted about a person."""
    attributes = {
        **Prospects.defaults,
        "addedAt": times["createdAt"],
        "clickCount": row_id % 3,
        "custom1": f"Segment {row_id % 7}",
        "engagedAt": times["updatedAt"],
        "engagedScore": row_id % 50,
        "externalId": f"P-{row_id:07}",
        "openCount": row_id % 5,
        "source": "Expo",
        "touchedAt": times["updatedAt"],
        **times,
    }
    if row_id % 25 == 0:
        attributes |= {"optedOut": True, "optedOutAt": times["updatedAt"], "emailOptedOut": True, "callOptedOut": True}
    if row_id % 10 == 0:
        attributes["contactHistogram"] = _CONTACTED
    return attributes


def _contacts(soil: Soil, prospect: Ref, emails: list[str], phone: str, times: dict[str, Any]) -> None:
    to = {"prospect": prospect}
    for order, email in enumerate(emails):
        kind = "personal" if order else "work"
        soil.row("emailAddress", {"email": email, "emailType": kind, "order": order, **times}, to)
    kind = "mobile" if prospect[1] % 2 else "work"
    number = {"countryCode": "US", "number": phone, "order": 0, "phoneType": kind, "rawNumber": phone, **times}
    soil.row("phoneNumber", number, to)
    if prospect[1] % 10 == 0:
        hashed = {"value": emails[0], "emailHash": email_hash(emails[0]), "primary": True, "recipientType": "to"}
        soil.row("recipient", {**hashed, **times}, to)
    if prospect[1] % 6 == 1:
        note = {"message": "Met at the expo.", "noteType": "meeting", "pinned": False, **times}
        soil.row("prospectNote", note, {**to, "creator": ADMIN})


def _opportunity(soil: Soil, number: int, count: int) -> None:
    prospect = ("prospect", 1 + number * 12 % count)
    row = soil.store.at(prospect)
    assert row is not None
    amount = 1000 + int(soil.random() * 90_000)
    values = {
        "amount": amount,
        "amountPrecise": f"{amount}.00",
        "closeDate": MOMENTS[-1],
        "currencyType": "USD",
        "customId": f"O-{number + 1:06}",
        "forecastCategory": soil.pick(("Pipeline", "Best Case", "Commit")),
        "name": f"{row.attributes['company']}: engine {number + 1}",
        "probability": int(soil.random() * 100),
        **soil.times(number * 12 / count),
    }
    one = {"account": row.one["account"], "owner": row.one["owner"], "creator": ADMIN, "updater": ADMIN}
    one |= {"opportunityStage": soil.any("opportunityStage"), "primaryProspect": prospect}
    opportunity = ("opportunity", soil.row("opportunity", values, one))
    role = {"primary": True, "role": "Decision Maker", **soil.times(0.7)}
    soil.row("opportunityProspectRole", role, {"opportunity": opportunity, "prospect": prospect})


def _favorite(soil: Soil, number: int) -> None:
    kind = ("prospect", "account", "sequence", "template", "user")[number % 5]
    target = soil.any(kind)
    values = {"targetId": target[1], "targetType": kind.title(), **soil.times(0.8)}
    user = soil.any("user")
    soil.row("favorite", values, {"target": target, "user": user, "creator": user})
