"""What is a browser called, so that its owner knows it again?"""

from flask_babel import gettext

# The first that is found in the text wins: each also names those below it.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
HANDHELD = frozenset({"iPhone", "iPad", "Android"})


def device_name(user_agent: str) -> str:
    """Write a browser and its machine in words: "Firefox on Windows"."""
    browser, system = _known(BROWSERS, user_agent), _known(SYSTEMS, user_agent)
    if browser and system:
        return str(gettext("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(gettext("A browser that does not say its name"))


def device_icon(user_agent: str) -> str:
    """Name the drawing of a machine."""
    return "smartphone" if _known(SYSTEMS, user_agent) in HANDHELD else "laptop"


def _known(names: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for mark, name in names if mark in user_agent), None)
