"""As much of Stripe as we ask of it, over real HTTP on loopback: prices, customers, subscriptions, sessions."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

WEBHOOK_SECRET = "whsec_of_the_stand_in"
PRICES = {"watch": "price_watch", "protect": "price_protect"}
MONTH = 30 * 24 * 3600
Json = dict[str, Any]


class StripeStandIn:
    """What its "dashboard" shows, and acts of a customer there. `asked` lists the requests; `down` refuses them all."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.customers: dict[str, Json] = {}
        self.subscriptions: dict[str, Json] = {}
        self.sessions: list[Json] = []
        self.asked: list[tuple[str, str, Json]] = []
        self.down = False
        self._numbers = itertools.count(1)

    # --- What a customer does there ---

    def pays(self, customer: str, price: str = "price_watch", status: str = "active", began: int | None = None) -> str:
        """The customer has a subscription from now on; returns its id."""
        began = int(time.time()) if began is None else began
        name = f"sub_{next(self._numbers)}"
        item = {
            "id": f"si_{name}",
            "object": "subscription_item",
            "price": self._price(price),
            "current_period_start": began,
            "current_period_end": began + MONTH,
        }
        self.subscriptions[name] = {
            "id": name,
            "object": "subscription",
            "customer": customer,
            "status": status,
            "created": began + len(self.subscriptions),
            "cancel_at": None,
            "cancel_at_period_end": False,
            "ended_at": None,
            "items": {"object": "list", "data": [item], "has_more": False},
        }
        return name

    def becomes(self, subscription: str, **fields: Any) -> None:
        price = fields.pop("price", None)
        self.subscriptions[subscription].update(fields)
        if price:
            self.subscriptions[subscription]["items"]["data"][0]["price"] = self._price(price)

    def message(self, kind: str, about: Json, *, made: int | None = None) -> tuple[bytes, str]:
        """A message as Stripe sends it, and its signature."""
        event = {
            "id": f"evt_{next(self._numbers)}",
            "object": "event",
            "api_version": "2020-08-27",
            "type": kind,
            "created": int(time.time()) if made is None else made,
            "data": {"object": about},
        }
        body = json.dumps(event)
        return body.encode(), stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)

    def about(self, subscription: str) -> Json:
        """A subscription as a message has it: an older shape, without what we rely on."""
        row = self.subscriptions[subscription]
        return {"id": row["id"], "object": "subscription", "customer": row["customer"], "status": "made up"}

    # --- Its API ---

    def answer(self, method: str, path: str, given: Json) -> tuple[int, Json]:
        self.asked.append((method, path, given))
        if self.down:
            return 503, {"error": {"type": "api_error", "message": "down"}}
        kind, _, name = path.removeprefix("/v1/").partition("/")
        if kind == "prices":
            return 200, self._price(name)
        if kind == "customers":
            return self._customers(method, name, given)
        if kind == "subscriptions":
            return self._subscriptions(method, name, given)
        if kind in {"checkout", "billing_portal"} and given.get("customer") in self.customers:
            self.sessions.append({"kind": kind, **given})
            place = "checkout.stripe.com/c/pay" if kind == "checkout" else "billing.stripe.com/p/session"
            number = next(self._numbers)
            return 200, {"id": f"s_{number}", "object": f"{kind}.session", "url": f"https://{place}/s_{number}"}
        return _missing()

    def _customers(self, method: str, name: str, given: Json) -> tuple[int, Json]:
        if method == "POST" and not name:
            made = {"id": f"cus_{next(self._numbers)}", "object": "customer", **given}
            self.customers[made["id"]] = made
            return 200, made
        if name not in self.customers:
            return _missing()
        if method == "DELETE":
            del self.customers[name]
            for row in self.subscriptions.values():
                if row["customer"] == name:
                    row["status"] = "canceled"
            return 200, {"id": name, "object": "customer", "deleted": True}
        self.customers[name].update(given)
        return 200, self.customers[name]

    def _subscriptions(self, method: str, name: str, given: Json) -> tuple[int, Json]:
        if not name:
            if given.get("customer") not in self.customers:
                return _missing()
            rows = [row for row in self.subscriptions.values() if row["customer"] == given["customer"]]
            return 200, {"object": "list", "data": rows, "has_more": False}
        if name not in self.subscriptions:
            return _missing()
        row = self.subscriptions[name]
        if "cancel_at_period_end" in given:
            ends = given["cancel_at_period_end"] == "true"
            end = row["items"]["data"][0]["current_period_end"]
            row.update(cancel_at_period_end=ends, cancel_at=end if ends else None)
        if given.get("cancel_at") == "":
            row["cancel_at"] = None
        return 200, row

    @staticmethod
    def _price(name: str) -> Json:
        amounts = {"price_watch": 400, "price_protect": 1200}
        return {
            "id": name,
            "object": "price",
            "currency": "eur",
            "unit_amount": amounts.get(name, 100),
            "recurring": {"interval": "month", "interval_count": 1},
            "tax_behavior": "inclusive",
            "metadata": {"plan": "watch"} if name == "price_of_last_year" else {},
        }


def _missing() -> tuple[int, Json]:
    return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "no such thing"}}


class _Handler(BaseHTTPRequestHandler):
    stand_in: StripeStandIn

    def _do(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        given = dict(parse_qsl(address.query) + parse_qsl(body, keep_blank_values=True))
        status, document = self.stand_in.answer(self.command, address.path, given)
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _do  # noqa: N815 - their names are given

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(settings: Any) -> Iterator[StripeStandIn]:
    """A running stand-in that the settings point to: plans are on sale here."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    stand_in = handler.stand_in = StripeStandIn(server.server_address[1])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_of_the_stand_in", WEBHOOK_SECRET
    settings.STRIPE_API_URL, settings.STRIPE_PRICES = stand_in.url, PRICES
    settings.DEFAULT_PLAN = "free"
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
