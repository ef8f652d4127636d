"""The `hub` command: its subcommands, one file each, in one literal table."""

import sys
from collections.abc import Sequence

import click

from hub.cli.agreement import agreement
from hub.cli.audit import audit
from hub.cli.billing import billing
from hub.cli.cdr import cdr
from hub.cli.cdr_credit import GIVING_BACK
from hub.cli.check import check
from hub.cli.curve import curve
from hub.cli.db import db
from hub.cli.delivery import delivery
from hub.cli.demo import demo
from hub.cli.dispute import dispute
from hub.cli.export import export
from hub.cli.faults import fault_shown
from hub.cli.frame import Group
from hub.cli.invoice import invoice
from hub.cli.membership import location_group, membership
from hub.cli.meter import meter
from hub.cli.ocpi import ocpi
from hub.cli.partner import partner
from hub.cli.period import period
from hub.cli.price import price
from hub.cli.quarantine import quarantine
from hub.cli.reprice import reprice
from hub.cli.rule import rule
from hub.cli.schedule import schedule
from hub.cli.serve import serve
from hub.cli.session import session
from hub.cli.settings import settings
from hub.cli.statement import statement
from hub.cli.sync import sync
from hub.cli.tariff import tariff
from hub.cli.token import token
from hub.cli.user import user
from hub.cli.verify import verify
from hub.cli.worker import worker

COMMANDS: tuple[click.Command, ...] = (
    serve,
    worker,
    demo,
    db,
    partner,
    price,
    tariff,
    curve,
    rule,
    location_group,
    membership,
    agreement,
    verify,
    reprice,
    session,
    cdr,
    dispute,
    period,
    statement,
    invoice,
    billing,
    check,
    meter,
    export,
    sync,
    delivery,
    schedule,
    quarantine,
    user,
    token,
    audit,
    ocpi,
    settings,
)
"""In the order in which `hub --help` lists them: a new subcommand is a file and a name here."""


@click.group(cls=Group, example="hub serve")
@click.version_option(package_name="ocpi-hub", prog_name="hub")
@click.option("--traceback", is_flag=True, help="Show where in the code a fault arose.")
def hub(traceback: bool) -> None:
    """An OCPI roaming and billing hub. It is set up by environment variables: see `hub settings`."""


for command in COMMANDS:
    hub.add_command(command)
for command in GIVING_BACK:
    cdr.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """What the console script calls: run a command, end with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(words))


def run(words: list[str]) -> int:
    """0 done, 1 could not be done, 2 was asked for wrongly; faults are one line on standard error."""
    try:
        code = hub.main(args=words, prog_name="hub", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as fault:  # the edge: nobody is above to handle it
        if "--traceback" in words[:1]:
            raise
        return fault_shown(fault)
    return code if isinstance(code, int) else 0
