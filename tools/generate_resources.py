"""Writes `outreach_async/outreach/resources/` from the catalogue: one module per resource type.

Run it after changing `tools/catalogue.json`: `python tools/generate_resources.py`. A test runs it too and compares.
What the catalogue cannot tell (what a create requires, what an action's parameters hold) stands in the tables here,
each with its source.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from outreach_async.protocol.names import snake  # noqa: E402  # the path above makes it importable from a checkout

CATALOGUE = ROOT / "tools" / "catalogue.json"
TARGET = ROOT / "outreach_async" / "outreach" / "resources"

# The capabilities of a type, by its endpoints, as compositions of `collection`.
COMPOSITIONS = {
    frozenset({"list", "get", "create", "update", "delete"}): "Editable",
    frozenset({"list", "get", "create", "update"}): "Lasting",
    frozenset({"list", "get", "create", "delete"}): "Replaceable",
    frozenset({"list", "create", "delete"}): "Attachable",
    frozenset({"list", "get", "create"}): "Addable",
    frozenset({"list", "get"}): "Readable",
    frozenset({"get", "update"}): "Adjustable",
    frozenset({"list"}): "Listable",
    frozenset({"get"}): "Gettable",
    frozenset({"create"}): "Creatable",
}
# Outreach, common patterns (sequence states) and webhooks (url).
REQUIRED = {"sequenceState": {"prospect", "sequence", "mailbox"}, "webhook": {"url"}}
# A user's e-mail address cannot be changed (Outreach, user reference).
IMMUTABLE = {"user": {"email"}}
KEYWORDS = {"from"}

PLAIN_TYPES = {
    "string": "str",
    "datetime": "dt.datetime",
    "date": "dt.date",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "object": "dict[str, Any]",
    "array<string>": "list[str]",
    "array<object>": "list[Any]",
}
FILTER_TYPES = {"datetime": "dt.date", "date": "dt.date", "array<string>": "str", "array<object>": "str"}
# Outreach, the OpenAPI document: what action parameters hold.
PARAMETER_TYPES = {
    "completionAction": 'Literal["finish_no_reply", "finish_replied"] | str',
    "completionNote": "str",
    "confirmedCount": "int",
    "dueAt": "dt.datetime",
    "markAsUrgent": "bool",
    "note": "str",
    "opportunityAssociation": "str",
    "ownerId": "int",
    "taskDispositionId": "int",
    "taskPurposeId": "int",
}
ACTION_DOCS = {
    "batch.cancel": "Cancel a batch that has not finished.",
    "batch.confirm": "Confirm a batch that waits for it; `confirmed_count` where the batch demands the number.",
    "mailbox.linkEwsMasterAccount": "Link the mailbox to the organisation's Exchange master account.",
    "mailbox.testSend": "Test whether the mailbox can send.",
    "mailbox.testSync": "Test whether the mailbox can be synchronised.",
    "mailbox.unlinkEwsMasterAccount": "Unlink the mailbox from the organisation's Exchange master account.",
    "sequence.activate": "Activate the sequence: its states begin to move and to send.",
    "sequence.deactivate": "Deactivate the sequence.",
    "sequence.lock": "Archive the sequence. Only one of the two published schemas lists this action.",
    "sequence.unlock": "Take the sequence out of the archive. Only one of the two published schemas lists this action.",
    "sequenceState.finish": "Finish an active enrolment.",
    "sequenceState.pause": "Pause an active enrolment.",
    "sequenceState.resume": "Resume a paused enrolment.",
    "sequenceTemplate.activate": "Activate the template within its step.",
    "sequenceTemplate.deactivate": "Deactivate the template within its step.",
    "task.advance": "Advance the enrolment that a sequence-step task belongs to.",
    "task.deliver": "Schedule the task's mailing for delivery.",
    "task.logMeetInPerson": "Complete an in-person meeting task with its disposition.",
    "task.markComplete": (
        "Complete the task. For tasks of a sequence step, `completion_action` finishes the enrolment "
        "(`finish_no_reply`, `finish_replied`); anything else advances it."
    ),
    "task.reassignOwner": "Give the task to another user.",
    "task.reschedule": "Set when the task is due.",
    "task.snooze": "Put the task off until `due_at`, or by one day from now or from when it was due.",
    "task.updateNote": "Replace the task's note.",
    "task.updateOpportunityAssociation": "Set how the task is associated with an opportunity.",
}

HEADER = '''"""{title}

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

'''


class Type:
    """One resource type of the catalogue, with the names its module uses."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry = entry
        self.wire: str = entry["type"]
        self.path: str = entry["path"]
        self.name = self.wire[0].upper() + self.wire[1:]
        self.plural = snake(self.path.strip("/"))
        plural = self.path.strip("/")
        self.collection = plural[0].upper() + plural[1:]
        self.attributes = [a for a in entry["attributes"] if not _is_custom(a["name"])]
        self.has_custom = len(self.attributes) < len(entry["attributes"])
        self.relationships: list[dict[str, Any]] = entry["relationships"]
        endpoints = entry["endpoints"]
        self.actions = [e for e in endpoints if e.get("kind") == "member"]
        plain = {e["action"] for e in endpoints if "kind" not in e}
        self.capabilities = frozenset(plain & {"list", "get", "create", "update", "delete"})
        self.composition = COMPOSITIONS[self.capabilities]
        own = f"{plural}."
        listed = {s for e in endpoints for s in e["scopes"] if s.startswith(own)}
        self.scopes = sorted({scope.removeprefix(own) for scope in listed})


def main(target: Path = TARGET) -> None:
    """Write every module below `target`, formatted."""
    types = [Type(entry) for entry in json.loads(CATALOGUE.read_text())["resources"]]
    by_wire = {kind.wire: kind for kind in types}
    target.mkdir(parents=True, exist_ok=True)
    for kind in types:
        (target / f"{kind.plural}.py").write_text(_module(kind, by_wire))
    (target / "__init__.py").write_text(_package(types))
    (target / "namespace.py").write_text(_namespace(types))
    config = ["--config", str(ROOT / "pyproject.toml")]
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--quiet", "--select", "I,F401", "--fix", *config, str(target)], check=True)
    subprocess.run([*ruff, "format", "--quiet", *config, str(target)], check=True)


def _module(kind: Type, by_wire: dict[str, Type]) -> str:
    parts = [_record(kind, by_wire)]
    if "list" in kind.capabilities:
        parts += [_filters(kind, by_wire), _sorts(kind)]
    if "update" in kind.capabilities:
        parts.append(_written(kind, by_wire, "Patch"))
    if "create" in kind.capabilities:
        parts.append(_written(kind, by_wire, "Draft"))
    if kind.actions:
        parts.append(_actions(kind))
    parts.append(_instance(kind))
    body = "\n\n".join(parts)
    title = f"{_sentence(kind.entry['description'])} (`{kind.path}`)."
    return HEADER.format(title=title) + _imports(kind, body, by_wire) + body


def _imports(kind: Type, body: str, by_wire: dict[str, Type]) -> str:
    lines = []
    if "abc." in body:
        lines.append("import collections.abc as abc")
    if "dt." in body:
        lines.append("import datetime as dt")
    used = [name for name in ("Any", "ClassVar", "Generic", "Literal", "Never") if _uses(body, name)]
    others = sorted(
        f"from .{other.plural} import {other.name}"
        for other in by_wire.values()
        if other is not kind and (_uses(body, other.name))
    )
    if others:
        used.append("TYPE_CHECKING")
    lines.append(f"from typing import {', '.join(used)}")
    lines.append("")
    if "Filter[" in body:
        lines.append("from ...protocol.query import Filter")
    variables = [name for name in ("F", "S", "D", "P") if _uses(body, f"{name}")]
    lines.append(f"from ..collection import {', '.join([*variables, kind.composition])}")
    if "Params" in body:
        lines.append("from ..params import " + ("LEFT_OUT, Params" if "LEFT_OUT" in body else "Params"))
    if "Sorts[" in body:
        lines.append("from ..queries import Sorts")
    names = [name for name in ("Record", "Ref", "ToMany", "ToOne") if _uses(body, name)]
    lines.append(f"from ..record import {', '.join(names)}")
    if others:
        lines += ["", "if TYPE_CHECKING:", *(f"    {line}" for line in others)]
    return "\n".join(lines) + "\n\n\n"


def _record(kind: Type, by_wire: dict[str, Type]) -> str:
    texts = " Its ids are texts on the wire, and stay texts." if kind.entry.get("idType") == "uuid" else ""
    lines = [f"class {kind.name}(Record):", f'    """{_sentence(kind.entry["description"])}.{texts}"""', ""]
    lines.append(f'    resource_type: ClassVar[str] = "{kind.wire}"')
    lines.append(f'    resource_path: ClassVar[str] = "{kind.path}"')
    scopes = ", ".join(f'"{scope}"' for scope in kind.scopes)
    lines.append(f"    resource_scopes: ClassVar[frozenset[str]] = frozenset({{{scopes}}})")
    readable = [a for a in kind.attributes if not a.get("writeOnly")]
    lines += ["", *(f"    {_name(a['name'])}: {_read_type(a)} | None = None" for a in readable)] if readable else []
    links = [_link(relation, by_wire) for relation in kind.relationships]
    lines += ["", *links] if links else []
    return "\n".join(lines) + "\n"


def _link(relation: dict[str, Any], by_wire: dict[str, Type]) -> str:
    descriptor = "ToMany" if relation["toMany"] else "ToOne"
    wire = relation["name"]
    return f'    {_name(wire)}: ClassVar[{descriptor}[{_target(relation, by_wire)}]] = {descriptor}("{wire}")'


def _filters(kind: Type, by_wire: dict[str, Type]) -> str:
    relations: list[str] = []
    fields = ["id: Filter[int] = LEFT_OUT"]
    fields += [
        f"{_name(attribute['name'])}: Filter[{_filter_type(attribute)}] = LEFT_OUT"
        for attribute in kind.attributes
        if attribute["filterable"]
    ]
    fields += [f"{_name(extra['name'])}: str = LEFT_OUT" for extra in kind.entry.get("customFilters", ())]
    for relation in kind.relationships:
        fields += _relation_filters(relation, by_wire, relations)
    named = ", ".join(f'"{name}"' for name in relations)
    head = f"class {kind.name}Filters({_params(named)}):"
    doc = f'    """What a list of {_words(kind.plural)} can be narrowed by."""'
    return "\n".join([head, doc, "", *(f"    {field}" for field in dict.fromkeys(fields))]) + "\n"


def _relation_filters(relation: dict[str, Any], by_wire: dict[str, Type], relations: list[str]) -> list[str]:
    allowed = relation["filterBy"]
    if allowed in ("none", "unspecified"):
        return []
    name = _name(relation["name"])
    target = _target(relation, by_wire)
    relations.append(name)
    fields = [f"{name}: Filter[Ref[{target}] | {target} | int] = LEFT_OUT"]
    known = [by_wire[wire] for wire in relation["types"] if wire in by_wire]
    described = {a["name"]: a for other in known for a in other.attributes}
    if allowed == "any-filterable":
        allowed = [name for name, attribute in described.items() if attribute["filterable"]]
    for attribute in allowed:
        if attribute != "id":
            kind = _filter_type(described[attribute]) if attribute in described else "str | int"
            fields.append(f"{name}__{_name(attribute)}: Filter[{kind}] = LEFT_OUT")
    return fields


def _sorts(kind: Type) -> str:
    names = [_name(a["name"]) for a in kind.attributes if a["sortable"]]
    keys = ", ".join(f'"{name}", "-{name}"' for name in names)
    literal = f"Literal[{keys}]" if names else "Never"
    doc = f'    """What a list of {_words(kind.plural)} can be ordered by."""\n'
    return f"class {kind.name}Sorts(Sorts[{literal}]):\n{doc}"


def _written(kind: Type, by_wire: dict[str, Type], role: str) -> str:
    """Give a draft or a patch. A draft that requires nothing is the patch, and what can be given only at first."""
    required = REQUIRED.get(kind.wire, set()) if role == "Draft" else set()
    fixed = IMMUTABLE.get(kind.wire, set())
    extends = role == "Draft" and "update" in kind.capabilities and not required
    attributes = [a for a in kind.attributes if not a["readOnly"] and (a["name"] in fixed) == (role == "Draft")]
    if role == "Draft" and not extends:
        attributes = [a for a in kind.attributes if not a["readOnly"]]
    relations = [] if extends else [r for r in kind.relationships if not r["readOnly"]]
    fields = [_given(_name(a["name"]), _write_type(a), a["name"] in required) for a in attributes]
    fields += [_given(_name(r["name"]), _related_type(r, by_wire), r["name"] in required) for r in relations]
    if not extends:
        fields += ["custom: abc.Mapping[str, Any] = LEFT_OUT"] if kind.has_custom else []
        fields.append("extra: abc.Mapping[str, Any] = LEFT_OUT")
    named = ", ".join(f'"{_name(r["name"])}"' for r in relations)
    base = f"{kind.name}Patch" if extends else _params(named)
    what = f"A {_words(kind.wire)} to create." if role == "Draft" else f"What can be changed of a {_words(kind.wire)}."
    lines = [f"class {kind.name}{role}({base}):", f'    """{_article(what)}"""']
    return "\n".join([*lines, "", *(f"    {field}" for field in fields)] if fields else lines) + "\n"


def _related_type(relation: dict[str, Any], by_wire: dict[str, Type]) -> str:
    target = _target(relation, by_wire)
    one = f"Ref[{target}] | {target}"
    return f"abc.Iterable[{one}]" if relation["toMany"] else one


def _params(relations: str) -> str:
    return f"Params, relations={{{relations}}}" if relations else "Params"


def _given(name: str, kind: str, required: bool) -> str:
    return f"{name}: {kind}" if required else f"{name}: {kind} | None = LEFT_OUT"


def _actions(kind: Type) -> str:
    variables = {"Editable": "F, S, D, P", "Lasting": "F, S, D, P", "Replaceable": "F, S, D", "Readable": "F, S"}
    names = variables[kind.composition]
    lines = [f"class {kind.collection}({kind.composition}[{kind.name}, {names}], Generic[{names}]):"]
    lines.append(f'    """{_sentence(_words(kind.path.strip("/")))}, and what can be done with one."""')
    for action in kind.actions:
        lines += ["", *_action(kind, action)]
    return "\n".join(lines) + "\n"


def _action(kind: Type, action: dict[str, Any]) -> list[str]:
    name = action["action"]
    required, optional = action.get("requiredActionParams", []), action.get("optionalActionParams", [])
    parameters = [f"{_name(p)}: {PARAMETER_TYPES[p]}" for p in required]
    parameters += [f"{_name(p)}: {PARAMETER_TYPES[p]} | None = None" for p in optional]
    keywords = f", *, {', '.join(parameters)}" if parameters else ""
    passed = "".join(f", {_name(p)}={_name(p)}" for p in [*required, *optional])
    doc = ACTION_DOCS[f"{kind.wire}.{name}"]
    return [
        f"    async def {snake(name)}(self, record: {kind.name} | Ref[{kind.name}] | int, /{keywords}) -> {kind.name}:",
        f'        """{doc}' if len(doc) < 95 else f'        """{doc.partition(". ")[0]}.',
        *([] if len(doc) < 95 else ["", *_wrapped(doc.partition(". ")[2])]),
        "",
        "        Raises Unprocessable when it cannot be done.",
        '        """',
        f'        return await self._act(record, "{name}"{passed})',
    ]


def _instance(kind: Type) -> str:
    given = [kind.name]
    if "list" in kind.capabilities:
        given += [f"{kind.name}Filters", f"{kind.name}Sorts"]
    if "create" in kind.capabilities:
        given.append(f"{kind.name}Draft")
    if "update" in kind.capabilities:
        given.append(f"{kind.name}Patch")
    maker = kind.collection if kind.actions else kind.composition
    return f"collection = {maker}({', '.join(given)})\n"


def _package(types: list[Type]) -> str:
    checked = "\n".join(f"    from .{t.plural} import {t.name} as {t.name}" for t in types)
    table = "\n".join(f'    "{t.wire}": ("{t.plural}", "{t.name}"),' for t in types)
    return (
        '"""Every resource type of the API. Each module is loaded when its class is first named.\n\n'
        'Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.\n"""\n\n'
        "from __future__ import annotations\n\n"
        "import importlib\n"
        "from typing import TYPE_CHECKING, Any\n\n"
        f"if TYPE_CHECKING:\n    from ..record import Record\n{checked}\n\n"
        "# The module and the class of every wire type.\n"
        f"TYPES: dict[str, tuple[str, str]] = {{\n{table}\n}}\n\n"
        "_MODULES = {name: module for module, name in TYPES.values()}\n\n\n"
        "def record_class(kind: str) -> type[Record]:\n"
        '    """Give the class of a wire type; an untyped one for a type that has none."""\n'
        "    if kind not in TYPES:\n"
        "        from ..shapes import untyped\n\n"
        "        return untyped(kind)\n"
        "    module, name = TYPES[kind]\n"
        '    found: type[Record] = getattr(importlib.import_module(f".{module}", __name__), name)\n'
        "    return found\n\n\n"
        "def __getattr__(name: str) -> Any:\n"
        "    if name not in _MODULES:\n"
        '        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")\n'
        '    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)\n'
        "    globals()[name] = value\n"
        "    return value\n\n\n"
        "def __dir__() -> list[str]:\n"
        "    return sorted([*globals(), *_MODULES])\n"
    )


def _namespace(types: list[Type]) -> str:
    modules = "\n".join(f"    from . import {t.plural} as _{t.plural}" for t in types)
    attributes = "\n".join(f"        {t.plural} = _{t.plural}.collection" for t in types)
    names = ", ".join(f'"{t.plural}"' for t in types)
    return (
        '"""The collections as attributes of the client. Each is loaded when it is first touched.\n\n'
        'Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.\n"""\n\n'
        "from __future__ import annotations\n\n"
        "import importlib\n"
        "from typing import TYPE_CHECKING, Any\n\n"
        f"if TYPE_CHECKING:\n{modules}\n    from ..caller import Caller\n\n"
        f"COLLECTIONS = frozenset({{{names}}})\n\n\n"
        "class Namespace:\n"
        '    """Every collection of the API, by its plural name."""\n\n'
        "    _caller: Caller\n\n"
        f"    if TYPE_CHECKING:\n{attributes}\n"
        "    else:\n\n"
        "        def __getattr__(self, name: str) -> Any:\n"
        "            if name not in COLLECTIONS:\n"
        '                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")\n'
        '            module = importlib.import_module(f".{name}", __package__)\n'
        "            collection = module.collection.bound(self._caller)\n"
        "            setattr(self, name, collection)\n"
        "            return collection\n\n"
        "    def __dir__(self) -> list[str]:\n"
        "        return sorted([*super().__dir__(), *COLLECTIONS])\n"
    )


def _target(relation: dict[str, Any], by_wire: dict[str, Type]) -> str:
    names = [by_wire[wire].name if wire in by_wire else "Record" for wire in relation["types"]] or ["Record"]
    unique = list(dict.fromkeys(names))
    return " | ".join(unique if "Record" not in unique else ["Record"])


def _read_type(attribute: dict[str, Any]) -> str:
    if values := attribute.get("enum"):
        return f"Literal[{', '.join(json.dumps(value) for value in values)}] | str"
    return PLAIN_TYPES[attribute["type"]]


def _write_type(attribute: dict[str, Any]) -> str:
    kind = _read_type(attribute)
    return kind.replace("list[", "abc.Sequence[").replace("dict[", "abc.Mapping[")


def _filter_type(attribute: dict[str, Any]) -> str:
    return FILTER_TYPES.get(attribute["type"]) or _read_type(attribute)


def _name(wire: str) -> str:
    name = snake(wire)
    return f"{name}_" if name in KEYWORDS else name


def _is_custom(name: str) -> bool:
    return name.startswith("custom") and name[6:].isdigit()


def _uses(body: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){name}(?!\w)", body) is not None


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _words(name: str) -> str:
    return snake(name).replace("_", " ")


def _article(text: str) -> str:
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)


def _wrapped(text: str) -> list[str]:
    return [f"        {line}" for line in textwrap.wrap(text, 108)]


if __name__ == "__main__":
    main()
