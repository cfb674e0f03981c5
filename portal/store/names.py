"""How does each database sort names as people look for them, accents and capitals aside?

Lists that come whole are sorted by `by_name` of domain/text.py. This is for those that come in pages.
"""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Alphabetical(FunctionElement[str]):
    """A name as it is sorted."""

    type = String()
    inherit_cache = True
    name = "alphabetical"


@compiles(Alphabetical, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return (
        f"alphabetical({compiler.process(element.clauses, **options)})"  # a function of ours: `listen` in store/db.py
    )


@compiles(Alphabetical, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    """Take accents off; the letters that are left are sorted alike whatever the collation of the database."""
    name = compiler.process(element.clauses, **options)
    return f"lower(regexp_replace(normalize({name}, NFKD), '[\\u0300-\\u036f]', '', 'g')) COLLATE \"C\""


@compiles(Alphabetical, "mysql")
@compiles(Alphabetical, "mariadb")
def _on_mariadb(element: Any, compiler: Any, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} COLLATE utf8mb4_unicode_ci"
