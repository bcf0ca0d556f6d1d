"""README, MeltanoHub definition and code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import tap_expensify
from tap_expensify.configuration import CONFIGURATION

PACKAGE = Path(tap_expensify.__file__).parent
README = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
HUB = yaml.safe_load((PACKAGE.parent / "meltanohub.yml").read_text(encoding="utf-8"))
SETTINGS = {
    name: schema
    for name, schema in CONFIGURATION["properties"].items()
    if not name.startswith(("stream_map", "flattening", "faker"))
}


def section(title: str) -> str:
    return README.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def rows(title: str) -> dict[str, list[str]]:
    """The rows of a section's table by what is in quotes in their first column."""
    found = {}
    for line in section(title).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                found[name] = cells
    return found


def test_the_table_of_settings() -> None:
    table = rows("Settings")
    assert list(table) == list(SETTINGS)
    for name, schema in SETTINGS.items():
        _, required, default, description = table[name]
        assert (required == "yes") == (name in CONFIGURATION["required"]), name
        assert description
        value = schema.get("default")
        if name == "base_url" or value is None:
            continue
        written = ", ".join(value) if isinstance(value, list) else str(value)
        assert default.strip("`").lower() == written.lower(), name


def test_the_table_of_streams(new_tap: Any, config: dict[str, Any]) -> None:
    table = rows("Streams")
    streams = new_tap(config=config).streams
    assert set(table) == set(streams)
    for name, stream in streams.items():
        _, keys, replication, description = table[name]
        assert tuple(re.findall(r"`([^`]+)`", keys)) == tuple(stream.primary_keys), name
        assert replication.startswith(
            "incremental on `approved_at`" if stream.replication_key else "full"
        )
        assert ("Not selected by default" in description) != stream.selected_by_default, name


def test_every_code_of_an_error_is_in_the_table() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    errors = re.sub(r'extra=\{"code": [^}]*\}', "", sources)
    codes = set(re.findall(r'(?:\bcode|default_code)\s*=\s*"([a-z_]+)"', errors))
    abstract = {"error", "try_again_later", "configuration"}
    assert codes - abstract <= set(rows("Errors"))


def test_every_module_has_a_room() -> None:
    modules = section("Modules")
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("*.ftl")]:
        if path.name != "__init__.py":
            assert f"`{path.name}`" in modules, path.name


@pytest.mark.parametrize("name", SETTINGS)
def test_the_hub_s_definition_has_every_setting(name: str) -> None:
    (item,) = [setting for setting in HUB["settings"] if setting["name"] == name]
    schema = SETTINGS[name]
    assert item["label"] == schema["title"]
    assert item["description"] == schema["description"]
    assert item.get("value") == schema.get("default")
    assert item.get("sensitive", False) == schema.get("secret", False)


def test_the_hub_s_definition_as_a_whole(new_tap: Any) -> None:
    assert [setting["name"] for setting in HUB["settings"]] == list(SETTINGS)
    offered = {capability.value for capability in new_tap.capabilities}
    assert set(HUB["capabilities"]) <= offered
    assert HUB["settings_group_validation"] == [CONFIGURATION["required"]]
    assert HUB["name"] == new_tap.name
