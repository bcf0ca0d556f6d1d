"""Finds every stable code that the plug-ins can show, by reading their source; nothing is imported or run.

A code is what stands as `code` in the making of an error, a problem, a note, a skip or an answer of the console; an
error's `default_code`; an entry of a table of codes; the `reason` of a log line; or in brackets at the end of a
sentence. Where the source does not say the code itself, it is followed: to a constant, to the variable's values in the
function, to the callers that hand it over. What can still not be told is an error of this module, so that no code slips
through.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PACKAGES = {
    "tap-expensify": REPOSITORY / "tap-expensify" / "tap_expensify",
    "map-expensify-nav": REPOSITORY / "transforms" / "map_expensify_nav",
    "target-dynamics-nav": REPOSITORY / "target-dynamics-nav" / "target_dynamics_nav",
}
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TABLES = {"PROBLEM_CODES", "NOTE_CODES", "SKIP_CODES", "HINTS"}
"""Dictionaries whose keys are codes."""
MADE_WITH_A_CODE = {"Problem", "Note", "Skip", "Unseen"}
"""Besides every class whose name ends with Error."""
_IN_BRACKETS = re.compile(r"[.!?] \[([a-z]+(?:_[a-z]+)*)\]$")
"""A code that is written into the sentence itself."""
_FINDINGS = {"find": 3, "Finding": 4}
"""What makes a finding of a reconciliation, and which of its arguments is the message; the first is the code."""
NO_CODES_OF_OURS = {"finished"}
"""Values that such a variable may have without being a code: a run that simply ends."""


class UntraceableError(Exception):
    """A code that cannot be told from the source."""


@dataclass(frozen=True)
class Place:
    """Where a code is made.

    Attributes:
        messages: What is said there, as patterns; empty when the source does not tell it in one place.
    """

    package: str
    file: str
    line: int
    messages: tuple[re.Pattern[str], ...] = ()


@dataclass
class _Module:
    """One source file with what is needed to follow a name."""

    package: str
    file: str
    tree: ast.Module
    constants: dict[str, str] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def function_of(self, node: ast.AST) -> ast.FunctionDef | None:
        """The innermost function around a node."""
        while (parent := self.parents.get(node)) is not None:
            node = parent
            if isinstance(node, ast.FunctionDef):
                return node
        return None


def codes(packages: Mapping[str, Path] = PACKAGES) -> dict[str, list[Place]]:
    """Every code with the places where it is made.

    Args:
        packages: Name of each plug-in → the folder of its modules.

    Raises:
        UntraceableError: Some code cannot be told.
    """
    found: dict[str, list[Place]] = defaultdict(list)
    modules = list(_modules(packages))
    defaults = {
        package: _default_codes([module for module in modules if module.package == package])
        for package in packages
    }
    for module in modules:
        for code, call in _made_without_a_code(module, defaults[module.package]):
            patterns = tuple(re.compile(text, re.DOTALL) for text in _patterns(call, module))
            found[code].append(Place(module.package, module.file, call.lineno, patterns))
        for code, node, message in _codes_of(module, modules):
            if code not in NO_CODES_OF_OURS:
                patterns = tuple(re.compile(text, re.DOTALL) for text in _patterns(message, module))
                found[code].append(Place(module.package, module.file, node.lineno, patterns))
    return dict(found)


def _modules(packages: Mapping[str, Path]) -> Iterator[_Module]:
    for package, folder in packages.items():
        for path in sorted(folder.rglob("*.py")):
            module = _Module(
                package,
                str(path.relative_to(folder.parents[1])),
                ast.parse(path.read_text("utf-8")),
            )
            for node in ast.walk(module.tree):
                module.parents.update((child, node) for child in ast.iter_child_nodes(node))
            for statement in module.tree.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                    for target in statement.targets:
                        if isinstance(target, ast.Name):
                            module.constants[target.id] = str(statement.value.value)
            yield module


def _codes_of(
    module: _Module, modules: list[_Module]
) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """Code, where it stands, and the expression of the message."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            given = _code_given(node, module)
            if given is not None:
                for code in _values(given, module, modules):
                    yield code, given, _message_given(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if bracketed := _IN_BRACKETS.search(node.value):
                yield bracketed[1], node, None
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield from ((code, place, None) for code, place in _codes_assigned(node))
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and key.value == "reason"
                    and isinstance(value, ast.Constant)
                    and CODE.fullmatch(str(value.value))
                ):
                    yield str(value.value), value, None


def _code_given(call: ast.Call, module: _Module) -> ast.expr | None:
    """The expression of the code in a call that makes something with a code."""
    name = _last_name(call.func)
    if name.endswith("Error") or name in MADE_WITH_A_CODE:
        for keyword in call.keywords:
            if keyword.arg == "code":
                return keyword.value
        return call.args[0] if name in MADE_WITH_A_CODE and call.args else None
    if name == "add" and module.file.endswith("error_rules.py"):
        return call.args[0]
    if name in _FINDINGS and "reconciliation" in module.file:
        kind = call.args[0] if call.args else None
        return kind if isinstance(kind, ast.Constant) else None  # HINTS has the others
    return None


def _default_codes(modules: list[_Module]) -> dict[str, str]:
    """Name of each error of a package → the code it has by default, its own or inherited."""
    bases: dict[str, str] = {}
    own: dict[str, str] = {}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                if node.bases:
                    bases[node.name] = _last_name(node.bases[0])
                for statement in node.body:
                    own.update((node.name, code) for code, _ in _default_code(statement))
    found = {}
    for name in bases:
        ancestor: str | None = name
        while ancestor is not None and ancestor not in own:
            ancestor = bases.get(ancestor)
        if ancestor is not None:
            found[name] = own[ancestor]
    return found


def _default_code(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if "default_code" in names:
            yield str(node.value.value), node.value


def _made_without_a_code(
    module: _Module, defaults: dict[str, str]
) -> Iterator[tuple[str, ast.expr]]:
    """Code and message of errors that are made with the code of their class."""
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and (name := _last_name(node.func)) in defaults
            and node.args
            and not any(keyword.arg in {"code", None} for keyword in node.keywords)
        ):
            yield defaults[name], node.args[0]


def _message_given(call: ast.Call) -> ast.expr | None:
    """The expression of the message in such a call."""
    name = _last_name(call.func)
    for keyword in call.keywords:
        if keyword.arg == "message":
            return keyword.value
    if name == "add":
        return call.args[2] if len(call.args) > 2 else None
    number = _FINDINGS.get(name, 1 if name in MADE_WITH_A_CODE else 0)
    return call.args[number] if len(call.args) > number else None


def _patterns(message: ast.expr | None, module: _Module, depth: int = 0) -> Iterator[str]:
    """Regular expressions of what an expression of a message can say; nothing when that cannot be told."""
    if isinstance(message, ast.Constant) and isinstance(message.value, str):
        if module.file.endswith("error_rules.py"):  # a template, filled in with NAV's words
            parts = re.split(r"\{\w+\}", message.value)
            yield ".+?".join(re.escape(part) for part in parts)
        else:
            yield re.escape(message.value)
    elif isinstance(message, ast.JoinedStr):
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*?"
            for part in message.values
        )
    elif isinstance(message, ast.IfExp):
        yield from _patterns(message.body, module, depth)
        yield from _patterns(message.orelse, module, depth)
    elif isinstance(message, ast.BinOp):
        yield from _patterns(
            message.left, module, depth
        )  # an example may end before what is put behind it
    elif isinstance(message, ast.Name) and message.id in module.constants:
        yield re.escape(module.constants[message.id])
    elif isinstance(message, ast.Name) and depth == 0:
        function = module.function_of(message)
        for node in ast.walk(function) if function is not None else ():
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == message.id for target in node.targets
            ):
                yield from _patterns(node.value, module, depth + 1)


def _codes_assigned(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[str, ast.expr]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    yield from _default_code(node)
    if names & TABLES and isinstance(node.value, ast.Dict):
        for key in node.value.keys:
            if isinstance(key, ast.Constant):
                yield str(key.value), key


def _values(
    given: ast.expr, module: _Module, modules: list[_Module], depth: int = 0
) -> Iterator[str]:
    """What an expression of a code can be."""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value
    elif isinstance(given, ast.Attribute) and given.attr == "code":
        return  # another error's code, handed on
    elif isinstance(given, ast.IfExp):
        yield from _values(given.body, module, modules, depth)
        yield from _values(given.orelse, module, modules, depth)
    elif isinstance(given, ast.BoolOp):
        for value in given.values:
            yield from _values(value, module, modules, depth)
    elif isinstance(given, ast.Call) and _last_name(given.func) == "str":
        yield from _values(given.args[0], module, modules, depth)
    elif isinstance(given, ast.Call) and _last_name(given.func) == "get":
        return  # a field of a record: upstream's code, handed on
    elif isinstance(given, ast.JoinedStr) and module.package == "map-expensify-nav":
        return  # put together; the tables of findings.py have every one, which is checked when it is made
    elif isinstance(given, ast.Name) and given.id in module.constants:
        yield module.constants[given.id]
    elif isinstance(given, ast.Name):
        yield from _values_of_name(given, module, modules, depth)
    else:
        raise UntraceableError(f"{module.file}:{given.lineno}: {ast.unparse(given)}")


def _values_of_name(
    name: ast.Name, module: _Module, modules: list[_Module], depth: int
) -> Iterator[str]:
    function = module.function_of(name)
    if function is None or depth > 3:
        raise UntraceableError(f"{module.file}:{name.lineno}: {name.id}")
    assigned = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name.id for target in node.targets)
    ]
    arguments = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    if assigned:
        for value in assigned:
            if not isinstance(value, (ast.BoolOp, ast.Name)) or depth:
                yield from _values(value, module, modules, depth + 1)
            elif isinstance(value, ast.BoolOp):
                yield from (
                    str(part.value) for part in value.values if isinstance(part, ast.Constant)
                )
    elif name.id in arguments:
        yield from _values_handed_over(function, name.id, module, modules, depth)
    else:
        raise UntraceableError(f"{module.file}:{name.lineno}: {name.id}")


def _values_handed_over(
    function: ast.FunctionDef, argument: str, module: _Module, modules: list[_Module], depth: int
) -> Iterator[str]:
    """What the callers give for an argument."""
    names = [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]
    calls = [
        (call, caller)
        for caller in modules
        if caller.package == module.package
        for call in ast.walk(caller.tree)
        if isinstance(call, ast.Call) and _last_name(call.func) == function.name
    ]
    if not calls:
        raise UntraceableError(f"{module.file}:{function.lineno}: nobody calls {function.name}")
    for call, caller in calls:
        by_name = [keyword.value for keyword in call.keywords if keyword.arg == argument]
        if by_name:
            yield from _values(by_name[0], caller, modules, depth + 1)
        elif argument in names and names.index(argument) < len(call.args):
            yield from _values(call.args[names.index(argument)], caller, modules, depth + 1)


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
