"""What has happened, and who is to be told?"""

import copy

from portal.stripe_sandbox.errors import Json
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import Delivery, State, metadata_after, new_id

API_VERSION = "2026-10-28.endive"
DELAY = 60  # seconds that a delayed webhook waits
WEBHOOK_FAULTS = ("drop", "duplicate", "reorder", "delay")


def emit(state: State, kind: str, thing: Json, previous: Json | None = None) -> None:
    """Record an event with the object as it is now, and put it on its way to every endpoint that wants it."""
    data: Json = {"object": copy.deepcopy(thing)}
    if previous is not None:
        data["previous_attributes"] = copy.deepcopy(previous)
    event = state.add(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": state.clock.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(state.request),
            "type": kind,
        }
    )
    for endpoint in state.tables["webhook_endpoint"].values():
        if endpoint["status"] == "enabled" and {"*", kind} & set(endpoint["enabled_events"]):
            _schedule(state, event, endpoint["id"])


def _schedule(state: State, event: Json, endpoint: str) -> None:
    fault = state.take_fault(WEBHOOK_FAULTS)
    if fault == "drop":
        return
    wait = DELAY if fault == "delay" else 0
    for _ in range(2 if fault == "duplicate" else 1):
        state.scheduled += 1
        order = -state.scheduled if fault == "reorder" else state.scheduled  # before all that wait already
        state.deliveries.append(Delivery(event["id"], endpoint, state.clock.age + wait, order))
        event["pending_webhooks"] += 1


def changes(before: Json, after: Json) -> Json:
    """Return what the fields that differ were before."""
    return {name: before.get(name) for name in after if before.get(name) != after[name]}


@operation("get", "/v1/events", "EventListParams", f"{LISTING} type types delivery_success")
def list_events(state: State, values: Json) -> Json:
    """List events, newest first."""
    found = matching(state.tables["event"].values(), values, "type")
    if "types" in values:
        found = [event for event in found if event["type"] in values["types"]]
    if "delivery_success" in values:
        found = [event for event in found if (event["pending_webhooks"] == 0) == values["delivery_success"]]
    return page_of(found, "/v1/events", values)


@operation("get", "/v1/events/{id}", "EventRetrieveParams")
def retrieve_event(state: State, _values: Json, id: str) -> Json:
    """Return an event."""
    return state.find("event", id, param="id", in_path=True)


# ---------------------------------------------------------------- endpoints

_ENDPOINT = "description enabled_events metadata url"


@operation("post", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", f"{_ENDPOINT} api_version")
def create_endpoint(state: State, values: Json) -> Json:
    """Send events to another address; only this answer tells the secret."""
    secret = new_id("whsec", 32)
    endpoint = add_endpoint(state, values["url"], secret, values["enabled_events"])
    endpoint.update(description=values.get("description") or None, metadata=metadata_after({}, values.get("metadata")))
    return {**endpoint, "secret": secret}


def add_endpoint(state: State, url: str, secret: str, enabled: list[str], given: str | None = None) -> Json:
    """Register an address that events are sent to."""
    endpoint: Json = {
        "id": given or new_id("we"),
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": state.clock.now,
        "description": None,
        "enabled_events": enabled,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }
    state.hidden[endpoint["id"]]["secret"] = secret
    return state.add(endpoint)


@operation("get", "/v1/webhook_endpoints", "WebhookEndpointListParams", "ending_before limit starting_after")
def list_endpoints(state: State, values: Json) -> Json:
    """List the addresses that events are sent to."""
    return page_of(state.tables["webhook_endpoint"].values(), "/v1/webhook_endpoints", values)


@operation("get", "/v1/webhook_endpoints/{webhook_endpoint}", "WebhookEndpointRetrieveParams")
def retrieve_endpoint(state: State, _values: Json, webhook_endpoint: str) -> Json:
    """Return an endpoint."""
    return state.find("webhook_endpoint", webhook_endpoint, param="webhook_endpoint", in_path=True)


@operation("post", "/v1/webhook_endpoints/{webhook_endpoint}", "WebhookEndpointUpdateParams", f"{_ENDPOINT} disabled")
def update_endpoint(state: State, values: Json, webhook_endpoint: str) -> Json:
    """Change an endpoint, or switch it off."""
    endpoint = retrieve_endpoint(state, values, webhook_endpoint)
    if "disabled" in values:
        endpoint["status"] = "disabled" if values["disabled"] else "enabled"
    endpoint.update({name: values[name] for name in ("enabled_events", "url") if name in values})
    endpoint["description"] = values.get("description", endpoint["description"]) or None
    endpoint["metadata"] = metadata_after(endpoint["metadata"], values.get("metadata"))
    return endpoint


@operation("delete", "/v1/webhook_endpoints/{webhook_endpoint}", "WebhookEndpointDeleteParams")
def delete_endpoint(state: State, values: Json, webhook_endpoint: str) -> Json:
    """Send nothing there any more."""
    retrieve_endpoint(state, values, webhook_endpoint)
    del state.tables["webhook_endpoint"][webhook_endpoint]
    return {"id": webhook_endpoint, "object": "webhook_endpoint", "deleted": True}
