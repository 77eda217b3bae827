"""Hands on a page: a mouse, a keyboard alone, or a finger; what they press is found by its name, as people find it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Locator, Page

__all__ = ["Finger", "Hands", "Keyboard", "Mouse"]


class Hands(Protocol):
    """What a person does with a page.

    Attributes:
        page: The page.
    """

    page: Page

    def press(self, place: Locator) -> None:
        """Press a button, follow a link, open a fold."""

    def write(self, place: Locator, text: str) -> None:
        """Put a text into a field, in place of what stands there."""

    def choose(self, place: Locator, label: str) -> None:
        """Choose from a list."""

    def date(self, place: Locator, day: dt.date) -> None:
        """Put a day into a field for dates."""

    def give(self, place: Locator, file: Path) -> None:
        """Choose a file."""


class Mouse:
    """A mouse to point, a keyboard to type."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, place: Locator) -> None:
        place.click()

    def write(self, place: Locator, text: str) -> None:
        place.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def choose(self, place: Locator, label: str) -> None:
        place.select_option(label=label)

    def date(self, place: Locator, day: dt.date) -> None:
        place.fill(day.isoformat())

    def give(self, place: Locator, file: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            place.click()
        chooser.value.set_files(file)


class Finger(Mouse):
    """A finger on a phone."""

    def press(self, place: Locator) -> None:
        place.tap()

    def write(self, place: Locator, text: str) -> None:
        place.tap()
        place.fill(text)


class Keyboard:
    """Nothing but keys: a place is reached by Tab, or not at all; while it has the focus that can be seen."""

    MOST_TABS = 250

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, place: Locator) -> None:
        self.reach(place)
        self.page.keyboard.press("Enter")

    def write(self, place: Locator, text: str) -> None:
        self.reach(place)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def choose(self, place: Locator, label: str) -> None:
        self.reach(place)
        labels = place.locator("option").all_inner_texts()
        now = labels.index(place.evaluate("e => e.selectedOptions[0].textContent.trim()"))
        wanted = labels.index(label)
        for _ in range(abs(wanted - now)):
            self.page.keyboard.press("ArrowDown" if wanted > now else "ArrowUp")

    def date(self, place: Locator, day: dt.date) -> None:
        self.reach(place)
        self.page.keyboard.type(f"{day:%m%d%Y}")  # as the browser's en-US puts it

    def give(self, place: Locator, file: Path) -> None:
        self.reach(place)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def reach(self, place: Locator) -> None:
        """Tab until it has the focus, from wherever the focus is; and see that one sees it."""
        place.wait_for()
        for _ in range(self.MOST_TABS):
            if place.evaluate("e => e === document.activeElement"):
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"{place} is not reached by Tab")
        drawn = place.evaluate(_DRAWN)
        assert drawn, f"{place} has the focus, and nothing shows it"


_DRAWN = """e => {
  const rings = (x) => {
    const style = getComputedStyle(x);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  return rings(e) || (e.parentElement !== null && rings(e.parentElement));
}"""
