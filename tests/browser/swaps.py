"""When does a page stand still again?"""

from playwright.sync_api import Page, expect

UNDER_WAY = ".htmx-request, .htmx-swapping, .htmx-settling"


def rest(page: Page) -> None:
    """Wait until no part of a page is being exchanged: till then a click may meet what is about to go."""
    expect(page.locator(UNDER_WAY)).to_have_count(0)
