"""Which rows has the editor of services?"""

from portal.domain.service import MAX_TIERS
from portal.web.staff.rows import MORNING, Table

ROWS = Table(
    week="availableSlots",
    new={
        "specialAvailability": {"slots": [{**MORNING, "available": True}]},
        "specialAvailability.slots": {**MORNING, "available": True},
        "customFields": {"type": "text", "required": False},
        "pricingTiers": {},
        "requiredResources": {"type": "equipment"},
        "requiredStaff": {"count": 1},
    },
    first={
        "specialAvailability": "date",
        "specialAvailability.slots": "startTime",
        "customFields": "name",
        "pricingTiers": "name",
        "requiredResources": "name",
        "requiredStaff": "role",
    },
    most={"pricingTiers": MAX_TIERS},
)
