"""The pipeline rule, without a database: which stage a lead may be moved to, and what is said when it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.crm.pipeline import RULE, Stage, check_move, check_start, next_stage, open_stages
from models.orm.errors import TransitionError

NEW = Stage(1, "New", 10)
QUALIFIED = Stage(2, "Qualified", 20)
NEGOTIATION = Stage(3, "Negotiation", 30)
ENDORSED = Stage(4, "Endorsed w/ S.Q.", 35, is_endorse=True)
WON = Stage(5, "Won", 40, is_won=True)
LOST = Stage(6, "Lost", 50, is_lost=True)
SHIPPED = (NEW, QUALIFIED, NEGOTIATION, ENDORSED, WON, LOST)


def is_allowed(current, target):
    try:
        check_move(SHIPPED, current, target)
    except TransitionError:
        return False
    return True


def refusal(current, target, stages=SHIPPED):
    with pytest.raises(TransitionError) as caught:
        check_move(stages, current, target)
    return caught.value.message


@pytest.mark.statement("H1")
@pytest.mark.parametrize(("current", "target"), [(NEW, QUALIFIED), (QUALIFIED, NEGOTIATION)])
def test_the_next_stage_is_reached(current, target):
    assert is_allowed(current, target)
    assert next_stage(SHIPPED, current) == target


@pytest.mark.statement("H11")
@pytest.mark.parametrize("stage", SHIPPED)
def test_staying_is_always_allowed(stage):
    assert is_allowed(stage, stage)


@pytest.mark.statement("H5", "H138")
def test_a_skip_names_what_is_skipped_and_the_next_stage():
    message = refusal(NEW, NEGOTIATION)

    assert message.startswith(RULE)
    assert "Skipping Qualified. Go one step at a time." in message
    assert "From New the only next stage is Qualified" in message
    assert "Mark Won or Mark Lost" in message


@pytest.mark.statement("H4")
def test_going_back_is_refused():
    message = refusal(QUALIFIED, NEW)

    assert message.startswith(RULE)
    assert "Skipping" not in message


@pytest.mark.statement("H4")
def test_the_last_open_stage_has_no_next_one():
    assert "From Negotiation there is no next stage" in refusal(NEGOTIATION, QUALIFIED)


@pytest.mark.statement("H8", "H9")
@pytest.mark.parametrize(
    ("target", "button"), [(WON, "Use Mark Won."), (LOST, "Use Mark Lost."), (ENDORSED, "Use Endorse.")]
)
def test_stages_with_a_button_are_not_walked_to(target, button):
    assert button in refusal(NEGOTIATION, target)


@pytest.mark.statement("H10")
@pytest.mark.parametrize("current", [WON, LOST, ENDORSED])
@pytest.mark.parametrize("target", [NEW, NEGOTIATION, WON, LOST])
def test_a_closed_lead_does_not_move(current, target):
    if current is not target:
        assert "does not move any more" in refusal(current, target)


@pytest.mark.statement("H2", "H6")
def test_a_lead_starts_in_the_first_open_stage():
    check_start(SHIPPED, NEW)
    with pytest.raises(TransitionError, match="A new lead starts in New, not in Qualified"):
        check_start(SHIPPED, QUALIFIED)


kinds = st.sampled_from([{}, {}, {}, {"is_won": True}, {"is_lost": True}, {"is_endorse": True}])
pipelines = st.lists(st.tuples(st.integers(0, 9), kinds), min_size=1, max_size=9).map(
    lambda rows: [Stage(n, f"S{n}", sequence, **flags) for n, (sequence, flags) in enumerate(rows, 1)]
)


@pytest.mark.statement("H4", "H5", "H8", "H9", "H10")
@given(pipelines, st.data())
def test_only_the_one_next_open_stage_is_ever_reached(stages, data):
    current, target = data.draw(st.sampled_from(stages)), data.draw(st.sampled_from(stages))
    walk = open_stages(stages)
    place = walk.index(current) if current in walk else None
    reachable = {current} if place is None else {current, *walk[place + 1 : place + 2]}

    try:
        check_move(stages, current, target)
        moved = True
    except TransitionError:
        moved = False

    assert moved == (target in reachable)


@given(pipelines)
def test_the_walk_visits_every_open_stage_once(stages):
    visited, stage = [], next(iter(open_stages(stages)), None)
    while stage is not None:
        visited.append(stage)
        stage = next_stage(stages, stage)

    assert visited == list(open_stages(stages))
