from __future__ import annotations

from typing import Any

import pytest

from expense_sandbox.nav.pages.quirks import PageQuirks

JOURNAL = "General_Journal"


def batch(name: str) -> str:
    return f"<CurrentJnlBatchName>{name}</CurrentJnlBatchName>"


def entry(amount: str, account: str = "8430", number: str = "G-1", **more: str) -> str:
    """Content of a journal line."""
    given = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        f"<Posting_Date>2026-01-31</Posting_Date><Document_No>{number}</Document_No>"
        f"<Account_Type>G_L_Account</Account_Type><Account_No>{account}</Account_No>"
        f"<Amount>{amount}</Amount>{given}"
    )


@pytest.fixture
def with_batch(soap: Any) -> Any:
    soap.run("CreateGenJnlBatch", templateName="GENERAL", batchName="EXPENSE", description="Ours")
    return soap


def lines(soap: Any, name: str = "EXPENSE") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = soap.read_multiple(JOURNAL, before=batch(name))
    return rows


def test_a_batch_of_its_own_is_posted_whole(with_batch: Any) -> None:
    soap = with_batch
    soap.create(JOURNAL, entry("100", Shortcut_Dimension_1_Code="ADM"), batch("EXPENSE"))
    soap.create(JOURNAL, entry("-100", "2910"), batch("EXPENSE"))
    assert [(row["Account_No"], row["Amount"]) for row in lines(soap)] == [
        ("8430", "100"), ("2910", "-100"),
    ]  # fmt: skip
    register = soap.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXPENSE")
    assert register == "1"
    entries = soap.read_multiple("General_Ledger_Entries", ("Document_No", "G-1"))
    assert [(row["G_L_Account_No"], row["Amount"]) for row in entries] == [
        ("8430", "100"), ("2910", "-100"),
    ]  # fmt: skip
    # Without a number series an empty line stays behind.
    (stub,) = lines(soap)
    assert (stub["Amount"], stub.get("Account_No")) == ("0", None)


def test_other_people_s_lines_are_posted_along(with_batch: Any) -> None:
    soap = with_batch
    soap.create(JOURNAL, entry("5", number="THEIRS", Bal_Account_No="2910"), batch("EXPENSE"))
    soap.create(JOURNAL, entry("7", number="OURS", Bal_Account_No="2910"), batch("EXPENSE"))
    soap.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXPENSE")
    numbers = {row["Document_No"] for row in soap.read_multiple("General_Ledger_Entries")}
    assert numbers == {"THEIRS", "OURS"}


def test_a_batch_with_a_number_is_counted_up(start_soap: Any, soap: Any, refused: Any) -> None:
    for nav in (soap, start_soap(pages=PageQuirks(rename_emptied_batches=False))):
        nav.run("CreateGenJnlBatch", templateName="GENERAL", batchName="EXP09", description="")
        nav.create(JOURNAL, entry("5", Bal_Account_No="2910"), batch("EXP09"))
        nav.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXP09")
    assert lines(nav, "EXP09")
    assert lines(soap, "EXP10")
    with pytest.raises(refused, match="EXP09"):
        lines(soap, "EXP09")


def test_out_of_balance(with_batch: Any, refused: Any) -> None:
    with_batch.create(JOURNAL, entry("10"), batch("EXPENSE"))
    with pytest.raises(refused, match=r"Document No\. G-1 is out of balance by 10"):
        with_batch.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXPENSE")
    assert with_batch.ledger()["gl_entries"] == []
    assert len(lines(with_batch)) == 1


def test_lines_of_nothing_post_nothing(with_batch: Any, refused: Any) -> None:
    with pytest.raises(refused, match=r"There is no Gen\. Journal Line within the filter"):
        with_batch.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXPENSE")
    with_batch.create(JOURNAL, entry("0", Bal_Account_No="2910"), batch("EXPENSE"))
    register = with_batch.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXPENSE")
    assert register == "0"


def test_several_templates_leave_the_page_asking(start_soap: Any, refused: Any) -> None:
    soap = start_soap(pages=PageQuirks(general_journal_templates=("GENERAL", "TRAVEL")))
    soap.run("CreateGenJnlBatch", templateName="GENERAL", batchName="EXPENSE", description="")
    with pytest.raises(refused) as caught:
        lines(soap)
    assert caught.value.exception == "NavNCLCallbackNotAllowedException"


def test_without_a_batch_the_page_takes_the_default_one(with_batch: Any) -> None:
    soap = with_batch
    soap.run("CreateGenJnlBatch", templateName="GENERAL", batchName="DEFAULT", description="")
    soap.create(JOURNAL, entry("5"), batch(""))
    assert [row["Amount"] for row in lines(soap, "DEFAULT")] == ["5"]
    assert lines(soap, "EXPENSE") == []


def test_a_batch_that_is_not_there(soap: Any, refused: Any) -> None:
    with pytest.raises(refused, match="NOPE"):
        soap.create(JOURNAL, entry("5"), batch("NOPE"))


def test_lines_change_and_go_by_their_keys(with_batch: Any, refused: Any) -> None:
    soap = with_batch
    created = soap.create(JOURNAL, entry("5", Bal_Account_No="2910"), batch("EXPENSE"))
    updated = soap.update(
        JOURNAL, f"<Key>{created['Key']}</Key><Amount>6.01</Amount>", batch("EXPENSE")
    )
    assert updated["Amount"] == "6.01"
    delete = f"{batch('EXPENSE')}<Key>{{}}</Key>"
    with pytest.raises(refused, match="Other user has modified"):
        soap.call(JOURNAL, "Delete", delete.format(created["Key"]))
    assert soap.call(JOURNAL, "Delete", delete.format(updated["Key"]))[0].text == "true"
    assert lines(soap) == []


@pytest.mark.parametrize("account", ["8320", "8000", "99999"])
def test_accounts_a_journal_cannot_use(with_batch: Any, refused: Any, account: str) -> None:
    with pytest.raises(refused):
        with_batch.create(JOURNAL, entry("5", account), batch("EXPENSE"))
    assert lines(with_batch) == []


def test_batches_are_made_and_removed_only_while_nobody_else_is_in_them(
    with_batch: Any, refused: Any
) -> None:
    soap = with_batch
    (row,) = soap.read_multiple("General_Journal_Batches")
    assert (row["Name"], row["Description"]) == ("EXPENSE", "Ours")
    soap.create(JOURNAL, entry("5", number="THEIRS"), batch("EXPENSE"))
    given = {"templateName": "GENERAL", "batchName": "EXPENSE"}
    for procedure, more in (
        ("CreateGenJnlBatch", {"description": ""}),
        ("DeleteGenJnlBatch", {"docNo": "OURS"}),
    ):
        with pytest.raises(refused, match="EXPENSE holds lines of document THEIRS"):
            soap.run(procedure, **given, **more)
    soap.run("DeleteGenJnlBatch", **given, docNo="THEIRS")
    assert soap.read_multiple("General_Journal_Batches") == []
    soap.run("DeleteGenJnlBatch", **given, docNo="THEIRS")  # gone already: no error
    with pytest.raises(refused, match=r"Gen\. Journal Template"):
        soap.run("CreateGenJnlBatch", templateName="NOPE", batchName="X", description="")
