"""Portals of the tests' own, on whatever database: what the fixture `app` is on one, these are on many."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade

from portal import create_app
from portal.domain.service import FieldType, Service
from portal.store.db import db
from portal.usecases.slots import PricedSlot, SlotQuery, find_slots
from portal.web.context import current_rules
from tests.conftest import empty_database, environ_for
from tests.databases import database


@contextmanager
def portal_on(url: str, **environ: str) -> Iterator[Flask]:
    """Open a portal on a database as it is, and push its context."""
    app = create_app({"TESTING": True}, environ_for(url, **environ))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def new_portal(kind: str, folder: Path, **environ: str) -> Iterator[Flask]:
    """Open a portal on a new database of a kind, migrated, with the four people."""
    with database(kind, folder) as url, migrated_portal(url, **environ) as app:
        empty_database()
        yield app


@contextmanager
def migrated_portal(url: str, **environ: str) -> Iterator[Flask]:
    """Open a portal on a database with the tables it needs, empty."""
    with portal_on(url, **environ) as app:
        upgrade()
        yield app


def answers_for(service: Service) -> dict[str, Any]:
    """Return an answer that fits to each required question of a service."""
    return {one.id: _answer(one) for one in service.custom_fields if one.required}


def _answer(field: Any) -> Any:
    plain = {
        FieldType.NUMBER: 5,
        FieldType.EMAIL: "alice@example.com",
        FieldType.PHONE: "+33123456789",
        FieldType.CHECKBOX: True,
        FieldType.DATE: "2019-05-17",
    }
    if field.type is FieldType.SELECT:
        return field.options[0]
    if field.type is FieldType.MULTISELECT:
        return [field.options[0]]
    return plain.get(field.type, "123456789012345" if field.id == "insurance_number" else "123456789012")


def free_slots(service: Service, now: datetime, days: int = 31) -> list[PricedSlot]:
    """Return the free times of a service from now on."""
    query = SlotQuery(now, now + timedelta(days=days))
    return find_slots(service, query, current_rules(), now)
