"""Every operation of a page service over the books: those that read, and those that write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.errors import read_only
from expense_sandbox.nav.soap import names, values
from expense_sandbox.nav.soap.page_reading import PageReader, unexpected
from expense_sandbox.nav.soap.page_wsdl import operation_names
from expense_sandbox.nav.soap.xml import joined, leaf, tag, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from expense_sandbox.nav.pages.model import Control, Page, Part


class PageService(PageReader):
    """One page, published, in one company."""

    def call(self, operation: str, request: Element) -> str:
        """Answer one operation with the content of its result, as XML.

        Raises:
            NavError: As NAV refuses it.
        """
        handlers: dict[str, Callable[[dict[str, list[Element]]], str]] = {
            **self.reading(),
            "Create": self._create,
            "CreateMultiple": self._create_multiple,
            "Update": self._update,
            "UpdateMultiple": self._update_multiple,
            "Delete": self._delete,
        }
        if operation not in operation_names(self._page):
            raise unexpected(operation)
        given = self._children(request)
        self._parent = self._chosen(given)
        if operation.startswith("Delete_"):
            return self._delete_part_row(operation.removeprefix("Delete_"), given)
        return handlers[operation](given)

    def _create(self, given: dict[str, list[Element]]) -> str:
        element = self._required(given, self._name, "Create")
        with self._books.transaction():
            row = self._insert(element)
            self._books.count_write()
        return self.row_xml(self._again(row))

    def _create_multiple(self, given: dict[str, list[Element]]) -> str:
        with self._books.transaction():
            rows = [self._insert(element) for element in self._listed(given, "CreateMultiple")]
            self._books.count_write()
        return tag(f"{self._name}_List", joined(self.row_xml(self._again(row)) for row in rows))

    def _listed(self, given: dict[str, list[Element]], operation: str) -> list[Element]:
        listed = self._required(given, f"{self._name}_List", operation)
        return self._children(listed).get(self._name, [])

    def _again(self, row: Any) -> Any:  # noqa: ANN401 - any row
        """The row as it is now that totals are settled."""
        key = dict(zip(self._page.key, self._page.key_values(self._company, row), strict=True))
        return self._row_with(key)

    def _insert(self, element: Element) -> Any:  # noqa: ANN401 - any row
        writes = self._page.writes
        if writes is None:
            raise unexpected("Create")
        given = self._children(element)
        row = writes.start(self._company, self._parent)
        row = writes.insert(self._company, self._validated(self._page, row, given))
        for part in self._page.parts:
            self._insert_lines(part, row, given)
        return row

    def _insert_lines(self, part: Part, row: Any, given: dict[str, list[Element]]) -> None:  # noqa: ANN401
        writes = part.page.writes
        for element in self._lines(part, given):
            if writes is None:
                raise unexpected(part.name)
            line = writes.start(self._company, self._again(row))
            line = self._validated(part.page, line, self._children(element))
            writes.insert(self._company, line)

    def _lines(self, part: Part, given: dict[str, list[Element]]) -> list[Element]:
        lines = []
        for container in given.get(part.name, ()):
            for name, elements in self._children(container).items():
                if name != part.page.line_type:
                    raise unexpected(name)
                lines += elements
        return lines

    def _validated(
        self,
        page: Page,
        row: Any,  # noqa: ANN401 - any row
        given: dict[str, list[Element]],
        before: Any | None = None,  # noqa: ANN401 - any row
    ) -> Any:  # noqa: ANN401 - any row
        """The row after every control that was given, one after another.

        Clients send back all they read: what is as it was `before` is not written.
        """
        controls = names.controls_on_page(page, self._pages)
        parts = {part.name for part in page.parts}
        for name, elements in given.items():
            known = name in controls or name in parts or name == "Key"
            if not known or len(elements) > 1:
                raise unexpected(name)
        order = controls if self._quirks.field_order == "page" else given
        for name in order:
            if name in given and name in controls:
                control = controls[name]
                value = self._value(control, text_of(given[name][0]))
                skips = before is not None and self._quirks.unchanged_fields == "skipped"
                shown = control.value(self._company, before if skips else row)
                if value != shown:
                    row = self._with_value(page, row, control, value)
        return row

    def _value(self, control: Control, text: str) -> Any:  # noqa: ANN401 - of its type
        return values.read(
            control.kind, text, length=self._length(control), options=control.options
        )

    def _with_value(self, page: Page, row: Any, control: Control, value: Any) -> Any:  # noqa: ANN401
        if page.writes is None or not control.editable:
            raise read_only(control.name)
        return page.writes.validate(self._company, row, control, value)

    def _length(self, control: Control) -> int:
        if control.name == "Description":
            return self._pages.description_length
        return control.length

    def _update(self, given: dict[str, list[Element]]) -> str:
        element = self._required(given, self._name, "Update")
        with self._books.transaction():
            row = self._changed(element)
            self._books.count_write()
        return self.row_xml(self._again(row))

    def _update_multiple(self, given: dict[str, list[Element]]) -> str:
        with self._books.transaction():
            rows = [self._changed(element) for element in self._listed(given, "UpdateMultiple")]
            self._books.count_write()
        return tag(f"{self._name}_List", joined(self.row_xml(self._again(row)) for row in rows))

    def _changed(self, element: Element) -> Any:  # noqa: ANN401 - any row
        writes = self._page.writes
        if writes is None:
            raise unexpected("Update")
        given = self._children(element)
        before = self._fresh_row(self._page, text_of(self._required(given, "Key", "Update")))
        row = self._validated(self._page, before, given, before)
        if row != before:
            row = writes.change(self._company, before, row)
        for part in self._page.parts:
            self._change_lines(part, row, given)
        return row

    def _change_lines(self, part: Part, row: Any, given: dict[str, list[Element]]) -> None:  # noqa: ANN401
        writes = part.page.writes
        for element in self._lines(part, given):
            if writes is None:
                raise unexpected(part.name)
            line_given = self._children(element)
            key = self._text(line_given, "Key")
            if not key:
                new = writes.start(self._company, self._again(row))
                writes.insert(self._company, self._validated(part.page, new, line_given))
                continue
            before = self._fresh_row(part.page, key, list(part.rows(self._company, row)))
            line = self._validated(part.page, before, line_given, before)
            if line != before:
                writes.change(self._company, before, line)

    def _delete(self, given: dict[str, list[Element]]) -> str:
        writes = self._page.writes
        text = text_of(self._required(given, "Key", "Delete"))
        if writes is None or writes.delete is None:
            raise unexpected("Delete")
        with self._books.transaction():
            writes.delete(self._books, self._company, self._fresh_row(self._page, text))
            self._books.count_write()
        return leaf("Delete_Result", "true")

    def _delete_part_row(self, part_name: str, given: dict[str, list[Element]]) -> str:
        part = next(part for part in self._page.parts if part.name == part_name)
        writes = part.page.writes
        text = text_of(self._required(given, f"{part_name}_Key", f"Delete_{part_name}"))
        if writes is None or writes.delete is None:
            raise unexpected(f"Delete_{part_name}")
        with self._books.transaction():
            row = self._fresh_row(part.page, text, list(part.page.rows(self._company)))
            writes.delete(self._books, self._company, row)
            self._books.count_write()
        return leaf(f"Delete_{part_name}_Result", "true")
