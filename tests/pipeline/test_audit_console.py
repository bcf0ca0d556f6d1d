"""The audit console over the real pipeline, by the real executables.

What is held in the demo gets posted by somebody who follows only what the tools print; and the demo's books reconcile.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import requests

from expense_sandbox.testing import Sandbox

from .project import TOOLS, Finished, Project, books_of, postings_of

PERIOD = ("--from", "2026-01-01", "--to", "2026-12-31")


class NewUser:
    """Types what the tools print, and nothing else."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def types(self, command: str, **variables: str) -> Finished:
        """Run a command line as a shell would, with variables in front of it."""
        words = shlex.split(command)
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        return self.project.call(*words, **variables)

    def audit(self, command: str) -> str:
        """A printed `nav-audit …`; the ledger is where the project keeps it."""
        assert command.startswith("nav-audit ")
        place = f"sqlite:///{self.project.ledger}"
        done = self.types(command, TARGET_DYNAMICS_NAV_LEDGER_URL=place)
        assert done.exit_code == 0, done.output
        return done.output

    def invokes(self, command: str) -> str:
        """A command of the target by Meltano, which knows where the ledger is."""
        done = self.project.call("meltano", "--log-level", "warning", "invoke", command)
        assert done.exit_code == 0, done.output
        return done.output


def printed(pattern: str, output: str) -> str:
    """The one thing of this form that was printed."""
    found = set(re.findall(pattern, output))
    assert len(found) == 1, output
    return str(found.pop())


@pytest.mark.timeout(600)
def test_from_a_held_report_to_its_posting_by_what_the_tools_print(
    project: Project, sandbox: Sandbox
) -> None:
    user = NewUser(project)
    assert project.run().exit_code == 0

    status = user.invokes("target-dynamics-nav:status")
    assert re.search(r"held +account_blocked +1 ", status)
    waiting = user.audit(printed(r"nav-audit list --waiting", status))
    [report] = re.findall(r"^(R\w+) .*account_blocked$", waiting, re.MULTILINE)

    story = user.audit(f"nav-audit explain {report}")
    account = printed(r"G/L account (\d+) .* is blocked in NAV", story)
    assert "-> Unblock the account in NAV" in story
    assert re.search(r"account number of lines? [\d, ]+: accounts: .*'Legacy Telephony'", story)
    key = printed(r"^(E\d+-R): purchase invoice", re.sub(r"\A\s+", "", story).splitlines()[0])
    assert postings_of(books_of(sandbox))[key] == 0

    # What an accountant does in NAV.
    answer = requests.post(
        f"{sandbox.nav.url}/_sandbox/accounts/{account}", json={"blocked": False}, timeout=30
    )
    assert answer.ok

    again = user.audit(f"nav-audit retry {report}")
    replay = printed(r"TAP_EXPENSIFY_REPORT_IDS='\[\S+\]' meltano run expensify-to-nav", again)
    done = user.types(replay)
    assert done.exit_code == 0, done.output
    assert postings_of(books_of(sandbox))[key] == 1

    story = user.audit(f"nav-audit explain {report}")
    number = printed(r"NAV number: (\d+)", story)
    assert f"Posted in NAV as {number}." in story
    [posted] = [
        document
        for document in books_of(sandbox)["posted_documents"]
        if document["external_number"] == key
    ]
    assert posted["number"] == number

    # The other way: closed by a person, opened again.
    [other] = re.findall(r"^(R\w+) .*dimension_value_blocked$", waiting, re.MULTILINE)
    story = user.audit(f"nav-audit explain {other}")
    waive = printed(r"nav-audit waive \S+ --reason “…”", story).replace("“…”", "'Booked by hand'")
    assert "is waived" in user.audit(waive)
    story = user.audit(f"nav-audit explain {other}")
    assert "Booked by hand" in story
    user.audit(printed(r"nav-audit unwaive \S+(?=\.)", story))
    assert user.audit("nav-audit list --waiting").count("dimension_value_blocked") == 1
    assert "none altered" in user.audit("nav-audit verify")


def documents_of(project: Project) -> Path:
    """What the reports of Expensify are mapped to now."""
    tap = project.call("meltano", "--log-level", "error", "invoke", "tap-expensify")
    assert tap.exit_code == 0, tap.output
    messages = [line for line in tap.output.splitlines() if line.startswith("{")]
    mapped = subprocess.run(
        [TOOLS / "map-expensify-nav", "--config", "ENV"],
        input="\n".join(messages) + "\n",
        env={**project.environment, "MAP_EXPENSIFY_NAV_RULES_FILE": str(project.rules)},
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    place = project.root / "documents.jsonl"
    place.write_text(mapped.stdout, encoding="utf-8")
    return place


def test_the_demo_reconciles_and_what_is_wrong_shows(project: Project, sandbox: Sandbox) -> None:
    assert project.run().exit_code == 0
    documents = documents_of(project)

    def reconcile(*options: str) -> Finished:
        return project.call(
            *("meltano", "--log-level", "error", "invoke", "target-dynamics-nav:reconcile"),
            *(*PERIOD, "--documents", str(documents), *options),
        )

    done = reconcile()
    assert done.exit_code == 0, done.output
    posted = sum(status == "posted" for status in project.standings().values())
    assert f"{posted:,} documents agree; 0 findings; 3 documents waiting." in done.output

    company = sandbox.books.company("CRONUS Europe")
    assert company is not None
    lost = next(document for document in company.documents if document.posted)
    with sandbox.books.transaction():
        company.documents.delete(lost.id)
    done = reconcile("--json")
    assert done.exit_code != 0
    found = json.loads(done.output[done.output.index("{\n") : done.output.rindex("}\n") + 2])
    assert [(item["kind"], item["document_key"]) for item in found["findings"]] == [
        ("missing_in_nav", lost.external_number)
    ]


def test_why_a_report_is_not_in_the_ledger(project: Project, sandbox: Sandbox) -> None:
    project.run(TAP_EXPENSIFY_END_DATE="2026-01-31")
    settings = {
        "TAP_EXPENSIFY_START_DATE": "2026-01-01",
        "TARGET_DYNAMICS_NAV_LEDGER_URL": f"sqlite:///{project.ledger}",
    }

    def explain(report: str, **variables: str) -> str:
        done = project.call("nav-audit", "explain", report, "--json", **settings, **variables)
        assert done.exit_code == 1, done.output
        return str(json.loads(done.output)["expensify"]["code"])

    reports = sandbox.world.reports
    unapproved = next(report for report in reports if report["status"] == "Open")
    late = next(
        report
        for report in reports
        if report["status"] == "Approved" and report["approved"] >= "2026-03"
    )
    assert explain(unapproved["reportID"]) == "not_approved"
    assert explain(late["reportID"]) == "not_read_yet"
    assert explain(late["reportID"], TAP_EXPENSIFY_END_DATE="2026-01-31") == "outside_window"
    assert explain(late["reportID"], TAP_EXPENSIFY_POLICY_IDS="A0") == "other_policy"
    assert explain("R00neverWas0") == "not_in_expensify"
    assert explain(late["reportID"].swapcase()) == "not_in_expensify"
    done = project.call(
        "nav-audit", "explain", "R00x", **settings, TAP_EXPENSIFY_PARTNER_USER_SECRET="wrong"
    )
    assert done.exit_code == 77
    assert "credentials" in done.output
    assert sandbox.credentials.expensify.user_secret not in done.output
