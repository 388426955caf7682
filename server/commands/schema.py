"""`tandem schema`: print schema.sql, the tables of every model of both roles."""

import argparse
import sys

from models import deployment
from models.orm.schema import schema_of, schema_text


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing to choose: the file holds everything."""


def run(_options: argparse.Namespace) -> int:
    """Print."""
    sys.stdout.write(schema_text(schema_of(deployment.registry_for("both"))))
    return 0
