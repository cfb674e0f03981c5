"""How are several services stored at once: all of them, or none?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.errors import N_, Conflict, FieldError, Invalid, NotFound
from portal.domain.rules import Rules
from portal.domain.service import Service, ServiceFields
from portal.store.db import MAX_ATTEMPTS, StaleRead, db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.access import require_staff
from portal.usecases.catalogue import (
    add_service,
    change_service,
    changed_fields,
    load_service,
    parse_service,
    supply_of,
)

MAX_ID = 255  # an adopted service has its id as slug
Progress = Callable[[Sequence["Plan"]], Iterable["Plan"]]


@dataclass(frozen=True)
class Plan:
    """What one item comes to: the service that it changes, as it was read, or None for a new one."""

    index: int
    slug: str | None
    old: Service | None
    fields: ServiceFields


def load_services(
    items: Sequence[Any], caller: Account, rules: Rules, now: datetime, progress: Progress = lambda plans: plans
) -> list[Service]:
    """Create or, where the slug is there already, change each of several services: all of them, or none.

    Raises Invalid with everything wrong, each error below the number of its item (`2.duration`), counted from 0.
    """
    require_staff(caller)
    for _ in range(MAX_ATTEMPTS):
        plans = _plans(items, rules)
        try:
            return _store(plans, caller, rules, now, progress)
        except StaleRead:  # a slug was taken, a service changed or went since it was read: look again
            db.session.rollback()
    raise Conflict


def _plans(items: Sequence[Any], rules: Rules) -> list[Plan]:
    plans: list[Plan] = []
    errors = _repeated_slugs(items)
    for index, item in enumerate(items):
        try:
            plans.append(_plan(index, item, rules))
        except Invalid as error:
            errors += _below(index, error)
    if errors:
        raise Invalid(errors)
    return plans


def _plan(index: int, item: Any, rules: Rules) -> Plan:
    slug = _slug_of(item)
    old = _found(db.session(), slug, rules)
    return Plan(index, slug, old, changed_fields(old, item) if old else parse_service(item))


def _slug_of(item: Any) -> str | None:
    """Return the slug that an item may be found by; one that no service can have is for the check to name."""
    slug = item.get("slug") if isinstance(item, Mapping) else None
    return slug if isinstance(slug, str) and len(slug) <= MAX_ID and slug.isprintable() else None


def _found(session: Session, slug: str | None, rules: Rules) -> Service | None:
    try:
        return load_service(session, slug, rules) if slug else None
    except NotFound:
        return None


def _repeated_slugs(items: Sequence[Any]) -> list[FieldError]:
    slugs = [_slug_of(item) for item in items]
    counts = Counter(slugs)
    message = N_("The address %(slug)s is given twice here. Leave one of the two out.")
    return [
        FieldError(f"{index}.slug", "slug_repeated", message, {"slug": slug})
        for index, slug in enumerate(slugs)
        if slug and counts[slug] > 1 and slug in slugs[:index]
    ]


def _below(index: int, error: Invalid) -> list[FieldError]:
    return [one.at(str(index)) for one in error.errors]


def _store(plans: Sequence[Plan], caller: Account, rules: Rules, now: datetime, progress: Progress) -> list[Service]:
    wanted = _locks_of(plans)

    def work(session: Session) -> list[Service]:
        lock(session, wanted)
        return [_store_one(session, plan, caller, rules, now) for plan in progress(plans)]

    return transaction(work)


def _locks_of(plans: Sequence[Plan]) -> Locks:
    named = [supply_of(one.fields) for one in plans]
    return Locks(
        resources=frozenset().union(*(resources for resources, _ in named)),
        staff=frozenset().union(*(staff for _, staff in named)),
        services=frozenset(one.old.id for one in plans if one.old),
        whole=True,
    )


def _store_one(session: Session, plan: Plan, caller: Account, rules: Rules, now: datetime) -> Service:
    current = _found(session, plan.slug, rules)
    if _mark_of(current) != _mark_of(plan.old):
        raise StaleRead
    try:
        if current is None:
            return add_service(session, plan.fields, caller, rules, now)
        return change_service(session, current, plan.fields, caller, rules, now)
    except Invalid as error:
        raise Invalid(_below(plan.index, error)) from None


def _mark_of(service: Service | None) -> tuple[str, int] | None:
    return (service.id, service.version) if service else None
