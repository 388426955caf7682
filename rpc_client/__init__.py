"""The client of Tandem, Netforce and Odoo servers, for scripts and for deployments among themselves.

Scripts: `connect`, plain calls and lazy records. Services: `AsyncClient`, the same names awaited. What can go wrong
is drawn at the top of `rpc_client.errors`.
"""

from rpc_client.client import AsyncClient, AsyncModel
from rpc_client.errors import (
    AccessError,
    AnswerTooLarge,
    BadAnswer,
    BadStatus,
    BusyError,
    ConflictError,
    ConnectionLost,
    DuplicateError,
    InternalError,
    LimitError,
    LoginError,
    MissingError,
    ProtocolError,
    RateError,
    RemoteError,
    RequiredError,
    RpcError,
    SessionError,
    Timeout,
    TransitionError,
    TransportError,
    Unreachable,
    UsageError,
    UserError,
    ValidationError,
)
from rpc_client.exchange import Session
from rpc_client.records import BrowseList, BrowseRecord
from rpc_client.retry import RetryPolicy
from rpc_client.sync import Connection, Model, connect
from rpc_client.transaction import AsyncTransaction, Result, Transaction

__all__ = [
    "AccessError",
    "AnswerTooLarge",
    "AsyncClient",
    "AsyncModel",
    "AsyncTransaction",
    "BadAnswer",
    "BadStatus",
    "BrowseList",
    "BrowseRecord",
    "BusyError",
    "ConflictError",
    "Connection",
    "ConnectionLost",
    "DuplicateError",
    "InternalError",
    "LimitError",
    "LoginError",
    "MissingError",
    "Model",
    "ProtocolError",
    "RateError",
    "RemoteError",
    "RequiredError",
    "Result",
    "RetryPolicy",
    "RpcError",
    "Session",
    "SessionError",
    "Timeout",
    "Transaction",
    "TransitionError",
    "TransportError",
    "Unreachable",
    "UsageError",
    "UserError",
    "ValidationError",
    "connect",
]
