"""The states of an order, and their words elsewhere."""

STATES = (
    ("draft", "Quotation"),
    ("sent", "Quotation Sent"),
    ("sale", "Sales Order"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)
LABELS = dict(STATES)
VALUES_NETFORCE = {"sent": "draft", "sale": "confirmed", "cancel": "voided"}
OPEN = ("draft", "sent")  # a quotation: nothing is promised yet
CONFIRMED = ("sale", "done")
