"""Every limit of the product, in one place.

A limit that is passed is refused with `LimitError`, whose key names the attribute here (`batch_calls`, `domain_terms`
...). Sizes are bytes, times are seconds. docs/operations.md lists them for operators; a test keeps both lists equal.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The house limits. The defaults hold everywhere; tests may make smaller ones."""

    body_bytes: int = 1 << 20
    attachment_body_bytes: int = 70 << 20
    large_bodies: int = 4
    batch_calls: int = 100
    json_depth: int = 64
    domain_terms: int = 200
    domain_nesting: int = 16
    path_depth: int = 4
    fields_per_call: int = 500
    ids_per_call: int = 10_000
    reply_rows: int = 10_000
    reply_bytes: int = 8 << 20
    import_rows: int = 10_000
    import_messages: int = 100
    x2many_commands: int = 10_000
    links_per_call: int = 100_000
    referenced_items: int = 100_000
    distributor_leads: int = 100
    distributor_rows: int = 100
    distributor_unconfirmed: int = 1000
    text_bytes: int = 1 << 20
    binary_bytes: int = 5 << 20
    image_pixels: int = 50_000_000
    image_conversions: int = 2
    value_list_items: int = 10_000
    password_bytes: int = 1024
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    attachment_body_seconds: float = 300.0
    statement_seconds: float = 30.0
    lock_seconds: float = 5.0
    idle_in_transaction_seconds: float = 60.0
    pool_wait_seconds: float = 5.0
    call_attempts: int = 5
    login_failures_a_minute: int = 5


LIMITS = Limits()
