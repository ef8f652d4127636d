"""The job that looks into the folders from which prices of a market come."""

from hub.prices.curves import folders as curve_folders
from hub.prices.curves import log as curve_log
from hub.sync.run import Outcome, Run
from hub.sync.schedule import PARTIAL


def look(run: Run) -> Outcome:
    """Import what is new; what a file was refused for stands with it, what holds up a folder with that."""
    with run.hub.store.reading() as unit:
        sources = curve_log.sources(unit)
    found = [
        curve_folders.look(run.hub.store, source, lambda: run.over) for source in sources if not run.over
    ]
    imported, refused = sum(each.imported for each in found), sum(each.refused for each in found)
    waiting = [each.trouble for each in found if each.trouble]
    told = f"{imported} files imported, {refused} refused" if imported or refused else "nothing new"
    if waiting:
        return Outcome(PARTIAL, f"{told}; {waiting[0]}")
    return Outcome(told=told, again=run.over and not run.stopping.is_set())
