"""What a server without a way to post makes of documents: stated for every dialect."""

from __future__ import annotations

import pytest

from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import CREDIT_MEMO, INVOICE, JOURNAL, record

from .dialects import Books

PURCHASES = pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO], ids=lambda kind: kind.value)


@PURCHASES
def test_without_a_way_to_post_verified_drafts_are_the_outcome(
    books: Books, kind: DocumentKind
) -> None:
    books.unpublish_posting()
    finished = books.run(record(kind), post="if_possible")
    if books.dialect.posts_by_itself:
        assert finished.statuses == ["posted"]
        return
    assert finished.statuses == ["draft"]
    assert books.desk.postings() == 0
    assert len(books.desk.drafts()) == 1
    assert books.run(record(kind), post="if_possible").statuses == ["draft"]
    assert len(books.desk.drafts()) == 1
    books.post_by_hand()
    assert books.run(record(kind), post="if_possible").statuses == ["already_posted"]
    assert books.run_anew(record(kind), post="if_possible").statuses == ["already_posted"]
    assert books.desk.postings() == 1


def test_a_run_that_has_to_post_does_not_begin_without_a_way(books: Books) -> None:
    books.unpublish_posting()
    finished = books.run(record(), post="required")
    if books.dialect.posts_by_itself:
        assert finished.statuses == ["posted"]
        return
    assert finished.error is not None
    assert (finished.error.code, finished.error.exit_code) == ("no_way_to_post", 78)
    assert finished.outcomes == []
    assert books.desk.drafts() == []


def test_never_leaves_drafts_although_there_is_a_way(books: Books) -> None:
    finished = books.run(record(), post="never")
    assert finished.statuses == (["posted"] if books.dialect.posts_by_itself else ["draft"])


def test_journals_without_the_codeunit(books: Books) -> None:
    """OData pages write a batch that a person posts; over SOAP nobody could make a batch of its own."""
    books.unpublish_posting()
    finished = books.run(record(JOURNAL), post="if_possible")
    outcome = {"api_v2": "posted", "odata_v4": "draft", "soap": "held"}[books.dialect.name]
    assert finished.statuses == [outcome]
    if outcome == "held":
        assert finished.codes == ["kind_not_published"]
        assert books.desk.drafts() == []


@pytest.mark.parametrize("kind", list(DocumentKind), ids=lambda kind: kind.value)
def test_drafts_by_choice_and_previews(books: Books, kind: DocumentKind) -> None:
    before = books.content()
    assert books.run(record(kind), mode="preview").statuses == ["previewed"]
    assert books.content() == before
    assert books.run(record(kind), mode="draft").statuses == ["draft"]
    assert len(books.desk.drafts()) == 1
    assert books.desk.postings() == 0
    assert books.run(record(kind)).statuses == ["posted"]
    assert books.desk.postings() == 1
    assert books.desk.drafts() == []
