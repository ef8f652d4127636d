"""Nothing that was acknowledged is lost, and partners end up as the hub, whatever is killed meanwhile.

The same with more kills:  python tests/kills/harness.py --kills 500 --engine postgresql --crashes 6
"""

from harness import ENOUGH, Told, database, run

KILLS, CRASHES = 32, 1


def test_random_kills_lose_nothing_and_reverse_nothing(database_engine: str) -> None:
    with database(database_engine) as (url, crash):
        told = run(url, Told(database_engine), KILLS, crash, CRASHES if crash else 0)
    assert (told.kills, told.lost, told.missing, told.reversed) == (KILLS, [], [], []), told
    assert told.acknowledged >= ENOUGH, told
    assert told.repeated <= told.unanswered + told.kills * 8, told  # a worker of 8 threads may die in each
