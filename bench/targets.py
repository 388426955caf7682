"""What the product may cost: CPU of a call, server and PostgreSQL together, as a multiple of the bare server's."""

from collections.abc import Mapping

AT_MOST: Mapping[str, float] = {
    "version": 2.0,
    "read": 2.5,
    "search_read": 2.0,
    "create": 5.0,
    "write": 5.0,
    "create_order5": 6.0,
}
SELECTIVE = "search_few"
SELECTIVE_AT_MOST = 1.3  # a selective search among ten times as many leads, against itself
