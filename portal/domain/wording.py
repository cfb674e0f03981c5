"""What are a service and its price lines called in another language?"""

from portal.domain.service import CustomField, PricingTier, Service, Translation


def in_language(service: Service, language: str) -> Service:
    """Return the service with its texts in a language, as far as it has been translated; options stay as stored."""
    words = service.translations.get(language)
    if words is None:
        return service
    return service.model_copy(
        update={
            "name": words.name or service.name,
            "description": words.description or service.description,
            "custom_fields": tuple(_field(one, words) for one in service.custom_fields),
            "pricing_tiers": tuple(_tier(one, index, words) for index, one in enumerate(service.pricing_tiers)),
        }
    )


def _field(field: CustomField, words: Translation) -> CustomField:
    own = words.custom_fields.get(field.id)
    return field.model_copy(update={"name": own.name}) if own and own.name else field


def _tier(tier: PricingTier, index: int, words: Translation) -> PricingTier:
    own = words.pricing_tiers[index] if index < len(words.pricing_tiers) else None
    if own is None:
        return tier
    return tier.model_copy(update={"name": own.name or tier.name, "description": own.description or tier.description})


def line_name(service: Service, language: str, label: str, tier_index: int | None) -> str:
    """Return the name of a price line in a language; what was agreed under another name keeps that."""
    words = in_language(service, language)
    if tier_index is None:
        return words.name if label == service.name else label
    tiers = service.pricing_tiers
    is_known = tier_index < len(tiers) and tiers[tier_index].name == label
    return words.pricing_tiers[tier_index].name if is_known else label
