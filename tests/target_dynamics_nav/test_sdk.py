"""What we take from the Singer SDK: its own suite, and the private hooks the target relies on."""

from __future__ import annotations

import atexit
import inspect
from importlib import metadata

import pytest
from singer_sdk import Target
from singer_sdk.io_base import SingerReader
from singer_sdk.plugin_base import PluginBase
from singer_sdk.sinks import RecordSink, Sink
from singer_sdk.testing import SuiteConfig, get_target_test_class

from expense_sandbox.faults import FaultPlan
from expense_sandbox.nav.server import build_nav_server
from target_dynamics_nav.target import TargetDynamicsNav

from .nav_stand_in import COMPANY, CREDENTIALS, NAME

# The suite makes its class when this module is imported: so the server has to be there by then.
_SERVER, _ = build_nav_server([COMPANY], credentials=CREDENTIALS, faults=FaultPlan())
_SERVER.start()
atexit.register(_SERVER.stop)

# Nothing is excluded. The suite's streams hold no NAV documents, so all of them are ignored here; that the target
# says so when it is not told to ignore them, and what it does with documents, is in test_target.py.
TestTargetDynamicsNav = get_target_test_class(
    TargetDynamicsNav,
    config={
        "base_url": f"{_SERVER.url}/api/v2.0",
        "company": NAME,
        "auth_method": "basic",
        "username": CREDENTIALS.username,
        "password": CREDENTIALS.password,
        "ledger_url": "sqlite://",  # in memory: the suite never ends the runs it begins
        "ignore_streams": ["*"],
    },
    suite_config=SuiteConfig(),
)


def test_the_sdk_is_the_one_whose_hooks_were_read() -> None:
    assert metadata.version("singer-sdk").startswith("0.54.")


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (Target, "_process_schema_message", ["self", "message_dict"]),
        (Target, "_process_record_message", ["self", "message_dict"]),
        (Target, "_process_state_message", ["self", "message_dict"]),
        (Target, "_process_batch_message", ["self", "message_dict"]),
        (Target, "_write_state_message", ["self", "state"]),
        (Target, "_handle_termination", ["self", "signum", "frame"]),
        (Target, "process_endofpipe", ["self"]),
        (Target, "drain_all", ["self", "is_endofpipe"]),
        (Target, "get_sink_class", ["self", "stream_name"]),
        (Target, "listen", ["self", "file_input"]),
        (PluginBase, "_validate_config", ["self", "raise_errors"]),
        (Sink, "_validate_and_parse", ["self", "record"]),
        (Sink, "_singer_validate_message", ["self", "record"]),
        (Sink, "get_validator", ["self"]),
        (RecordSink, "process_record", ["self", "record", "context"]),
        (SingerReader, "deserialize_json", ["self", "line"]),
        (SingerReader, "assert_line_requires", ["line_dict", "requires"]),
        (SingerReader, "_process_unknown_message", ["self", "message_dict"]),
    ],
)
def test_a_hook_is_where_and_what_it_was(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_the_hooks_are_called_by_the_sdk_where_we_count_on_it() -> None:
    assert "self._write_state_message(" in inspect.getsource(Target.drain_all)
    assert "self.process_endofpipe()" in inspect.getsource(Target.listen)
    assert "sink.process_record(" in inspect.getsource(Target._process_record_message)
    assert "self.deserialize_json(" in inspect.getsource(SingerReader.process_lines)
