"""How the lead's own workflow writes what a caller may not, without opening a door for callers.

A stage or owner may be written by anybody who may write the lead, and the write hooks judge each such write. Claim,
Mark Won and their like have done the judging when they write. They say so with a mark in the call's context that no
caller can send: it is compared by identity, and what comes off the wire is never this object.
"""

from __future__ import annotations

import dataclasses

from models.orm.dialect import NATIVE
from models.orm.env import EMPTY_CONTEXT, Env

_MARK = object()
_KEY = "workflow_step"


def decided(env: Env) -> Env:
    """Return the call's surroundings for a write that the workflow has already judged."""
    return env.with_context(**{_KEY: _MARK})


def is_decided(env: Env) -> bool:
    """Return whether the write at hand comes from the workflow itself."""
    return env.context.values.get(_KEY) is _MARK


def elevated(env: Env, reason: str) -> Env:
    """Return the call with all rights for one decided step, in our own words and without the caller's context."""
    return decided(dataclasses.replace(env.as_system(reason), context=EMPTY_CONTEXT, dialect=NATIVE, _companies=None))
