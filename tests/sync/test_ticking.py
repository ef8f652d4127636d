"""The threads that look again and again: they go on whatever happens, and say so once."""

import threading

from hub.sync.ticking import Ticking

PATIENCE = 20


class Looking(Ticking):
    """What its rounds come to, one after the other; then nothing is left."""

    def __init__(self, *rounds: bool | Exception) -> None:
        super().__init__("looking", 0.001)
        self.rounds = list(rounds)
        self.over = threading.Event()

    def one(self) -> bool:
        if not self.rounds:
            self.over.set()
            return False
        found = self.rounds.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def ended(thread: Looking) -> None:
    thread.start()
    assert thread.over.wait(PATIENCE)
    thread.stop()


def test_what_fails_is_told_once_until_it_is_well_again(caplog):
    away = ConnectionError("the database is away")
    ended(Looking(True, away, away, away, False, away))
    told = [record for record in caplog.records if record.name == "hub.sync.ticking"]
    assert [record.getMessage() for record in told] == ["looking: waits until the next look"] * 2
    assert "the database is away" in caplog.text


def test_it_ends_when_it_is_told_to():
    thread = Looking(*[True] * 10)
    ended(thread)
    assert thread.rounds == []
