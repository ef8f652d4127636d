"""Partners' lists are pulled page by page, over HTTP, in the version of each."""

import pytest

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_never_pushed_is_pulled_when_a_partner_connects(clockwork, join, version):  # TR-92
    cpo, emsp = join("CPO", version, "NL/EXA"), join("EMSP", version, "DE/MSP")
    cpo.book.own.clear()
    cpo.do("publish")
    emsp.do("issue")
    for module in ("locations", "tariffs"):
        assert clockwork.run("pull", module).outcome == "done"
    assert clockwork.run("pull", "tokens").outcome == "done"
    assert len(clockwork.held("locations")) == 12
    assert len(clockwork.held("tariffs")) == 3
    assert len(clockwork.held("tokens")) == 3
    assert cpo.book.complaints + emsp.book.complaints == []
