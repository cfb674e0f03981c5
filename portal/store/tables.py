"""Which tables are there? Importing this module makes all of them known."""

from portal.store import accounts, bookings, catalogue, invoices, outbox, payments, service_changes
from portal.store.db import Base

ALL = Base.metadata.tables
MODULES = (accounts, bookings, catalogue, invoices, outbox, payments, service_changes)
