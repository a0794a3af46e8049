"""Orders and their items, and what is repaired."""

from __future__ import annotations

from host_demo.models import Item, ItemStatus, Order, OrderStatus, Repair, RepairMessage, RepairStatus
from sms_plugin import Entity, Hook, Person, changed, created

order = Entity(
    Order,
    "orders",
    # the number on the order, else the client's
    to={
        "client": Person(
            name="full_name",
            phones="reached_at",
            language="language",
            timezone="timezone",
            region="region",
            client="client",
            consents=lambda order, purpose: order.client.agrees(purpose) if order.client else None,
        )
    },
    shortcodes={
        "stock_orders_status": "status",
        "stock_orders_firstname": lambda order: order.first_name or (order.client.first_name if order.client else ""),
        "stock_orders_lastname": lambda order: order.last_name or (order.client.last_name if order.client else ""),
        "stock_orders_patronymic": "patronymic",
        "stock_orders_email": "email",
        "stock_orders_delivery_method": "delivery_method",
        "stock_orders_assigned": "assigned.name",
        "stock_orders_ttn": "waybill",
        "stock_orders_barcode_ttn": "waybill",
        "stock_orders_date": "ordered_on",
        "stock_orders_description": "description",
        "stock_orders_number_order_id": "number",
        "stock_orders_delivery_details_string": "delivery_details",
        "stock_orders_delivery_details_blocks": "delivery_details",
        "stock_orders_pay_type": "pay_type",
        "stock_orders_nazva_tovaru": "products",
        "stock_orders_nazva_skladu": "warehouse",
        "stock_orders_opis": "remark",
    },
    hooks=[
        Hook("order_created", created()),
        Hook("order_approved", changed(Order.status, to=OrderStatus.APPROVED)),
        Hook("order_cancelled", changed(Order.status, to=OrderStatus.CANCELLED)),
    ],
)

item = Entity(
    Item,
    "item",
    to={"client": "client"},
    shortcodes={"item_name": "name", "item_status": "status"},
    hooks=[Hook("item_status_sent", changed(Item.status, to=ItemStatus.SENT))],
)

repair = Entity(
    Repair,
    "repair",
    to={"client": "client"},
    also={"clients": "client"},
    shortcodes={"repair_number": "number", "repair_item": "item", "repair_status": "status"},
    hooks=[
        Hook(
            "repair_completed",
            changed(Repair.status, to=RepairStatus.FINISHED),
            only=(Repair.status == RepairStatus.FINISHED) & ~Repair.told,
        )
    ],
)

repair_message = Entity(
    RepairMessage,
    "repair",
    to={"client": "repair.client"},
    also={"clients": "repair.client"},
    shortcodes={
        "repair_number": "repair.number",
        "repair_item": "repair.item",
        "repair_message": "text",
        "repair_status": "repair.status",
    },
    hooks=[Hook("repair_message", created(), only=RepairMessage.by_sms)],
)
