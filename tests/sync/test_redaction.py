"""Error texts: fit for the chatter and the log, whatever the other side puts into them."""

import pytest

from models.sync.redaction import redact


@pytest.mark.statement("H86")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Cannot reach https://ada:hush@bpo.example/rpc", "Cannot reach https://***@bpo.example/rpc"),
        ("header Authorization: Bearer abc.def-123 refused", "header Authorization: *** *** refused"),
        ("bad token=abc123, try again", "bad token=***, try again"),
        ('{"password": "hush hush", "login": "ada"}', '{"password": ***, "login": "ada"}'),
        ("api_key='xyz' is over", "api_key=*** is over"),
        ("two\nlines\r\nand\x1b[31m colour\x00", "two lines and[31m colour"),
        ("Brand unknown: FOTON", "Brand unknown: FOTON"),
    ],
)
def test_what_looks_secret_is_blanked(text, shown):
    assert redact(text) == shown


@pytest.mark.statement("H86")
def test_known_secrets_are_blanked_wherever_they_stand():
    assert redact("you said hush hush 4711!", ["hush hush 4711", None]) == "you said ***!"


def test_long_texts_are_cut():
    assert len(redact("x" * 1_000_000)) == 500


def test_a_secret_at_the_edge_of_the_cut_does_not_survive_in_part():
    text = "x" * 495 + "hush hush 4711"

    assert "hush" not in redact(text, ["hush hush 4711"])
