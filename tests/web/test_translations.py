"""The French texts: complete, certain, and with the same placeholders."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)s")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "lazy_gettext": None}


def french() -> Catalog:
    with (ROOT / "portal/translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="fr")


def texts(message: Message) -> list[tuple[str, str]]:
    """Pair each English text with its French one."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def messages() -> list[Message]:
    found = [message for message in french() if message.id]
    assert len(found) > 200
    return found


def in_the_code() -> Iterator[str]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = [
        one
        for folder in ("portal", "templates")
        for one in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS, directory_filter=_is_ours)
        if one[0].startswith(folder)
    ]
    for _, _, text, _, _ in found:
        yield text if isinstance(text, str) else text[0]


def _is_ours(folder: str) -> bool:
    return Path(folder).name in {"portal", "templates"} or not Path(folder).name.startswith(".")


def test_no_text_lacks_its_french() -> None:
    assert [one.id for one in messages() for _, said in texts(one) if not said.strip()] == []


def test_every_text_of_the_code_is_in_the_french_file() -> None:
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in messages()}
    assert sorted(set(in_the_code()) - known) == []


def test_none_is_a_guess() -> None:
    assert [one.id for one in messages() if one.fuzzy] == []


def test_placeholders_agree() -> None:
    pairs = [pair for one in messages() for pair in texts(one)]
    wrong = [pair for pair in pairs if sorted(PLACEHOLDER.findall(pair[0])) != sorted(PLACEHOLDER.findall(pair[1]))]
    assert wrong == []


def test_french_says_vous_and_does_not_shout() -> None:
    said = [text for one in messages() for _, text in texts(one)]
    assert [text for text in said if "!" in text or re.search(r"\b(tu|ton|ta|tes|toi)\b", text)] == []


def test_a_space_that_may_not_break_stands_before_double_signs() -> None:
    said = [text for one in messages() for _, text in texts(one)]
    assert [text for text in said if re.search(r" [?:;»]|« ", text)] == []


JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
SPOKEN = re.compile(r'\s(?:alt|aria-label|title|placeholder)="([^"]*)"')


def test_no_template_has_words_of_one_language_alone() -> None:
    """What stands outside of tags and of `_()` is read as it is in every language (class names are not)."""
    found = {}
    for path in (*ROOT.glob("templates/**/*.html"), *ROOT.glob("templates/**/*.txt")):
        if path.parent.name in {"api", "stripe_sandbox"}:  # for programmers, in English
            continue
        bare = html.unescape(JINJA.sub("", path.read_text("utf-8")))
        words = [*SPOKEN.findall(bare), re.sub(r"<!?[a-zA-Z/][^>]*>|[\w-]+=\"[^\"]*\"", " ", bare)]
        found[str(path.relative_to(ROOT))] = re.findall(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])", " ".join(words))
    assert len(found) > 20
    assert {name: words for name, words in found.items() if words} == {}


# where a call takes what a person reads
MESSAGE_AT = {"FieldError": 2, "refusal": 1, "ContactError": 1, "InstantError": 1, "ConditionError": 0, "flash": 0}


def _bare_messages(source: str) -> list[int]:
    """Return the lines on which a message is a plain text, so that nobody translates it."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    named = ((call, call.func.id) for call in calls if isinstance(call.func, ast.Name))
    messages = ((call.args, MESSAGE_AT[name]) for call, name in named if name in MESSAGE_AT)
    texts = (arguments[at] for arguments, at in messages if len(arguments) > at)
    return [text.lineno for text in texts if isinstance(text, ast.Constant | ast.JoinedStr)]


def test_no_message_of_the_code_is_left_untranslated() -> None:
    assert _bare_messages('flash("Saved.")\nFieldError("name", "blank", f"Fill {name} in.")') == [1, 2]
    found = {str(path): _bare_messages(path.read_text("utf-8")) for path in (ROOT / "portal").rglob("*.py")}
    assert len(found) > 100
    assert {path: lines for path, lines in found.items() if lines} == {}
