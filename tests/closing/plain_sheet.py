"""A statement reckoned the plain way, all of it in memory and in decimals: what the hub's way is held to."""

from dataclasses import replace

from hub.closing import lines
from hub.closing.lines import NOUGHT, Sheet, by_vat
from hub.closing.rounding import amount_of, places_of, rounded, units
from hub.closing.shares import Total
from hub.store.base import MICRO, micro


def apportion(total, exact, one):
    """Whole units that sum to `total`, each as near to its exact amount, in parts of which `one` make a unit,
    as that lets it: by largest remainder; of equal ones, by their keys."""
    shares = {key: parts // one for key, parts in exact.items()}
    each, left = divmod(total - sum(shares.values()), len(exact)) if exact else (0, 0)
    nearest = sorted(exact, key=lambda key: (-(exact[key] % one), key))
    favoured = set(nearest[:left])
    return {key: shares[key] + each + (key in favoured) for key in exact}


def sheet(drafts, currency, terms, month):
    """Lines with their shares, the totals and the sums."""
    totals, shared = [], {}
    for which, mine in sorted(by_vat(list(enumerate_vat(drafts))).items()):
        numbers, bases = [each.place for each in mine], [each.line.base for each in mine]
        total = total_of(which, bases, currency, terms)
        totals.append(total)
        nets, taxes = shares_of(bases, total, currency, terms)
        shared |= {
            n: replace(drafts[n], net=net, tax=tax) for n, net, tax in zip(numbers, nets, taxes, strict=True)
        }
    told = [shared[place] for place in sorted(shared)]
    sums = lines.sums_of(totals, sum((each.fee for each in told), NOUGHT), currency, terms)
    cdrs = len({each.clearing_id for each in told if each.clearing_id is not None})
    fee = lines.fee_line(sums, cdrs, month)
    return lines.checked(Sheet(tuple(told) if fee is None else (*told, fee), tuple(totals), sums))


class Placed:
    """A draft and where it stands."""

    def __init__(self, place, line):
        self.place, self.line, self.vat = place, line, line.vat


def enumerate_vat(drafts):
    return (Placed(place, line) for place, line in enumerate(drafts))


def total_of(which, bases, currency, terms):
    base = sum(bases, NOUGHT)
    if terms.rounded == "LINE":
        nets = [rounded(each, currency, terms.rounding) for each in bases]
        taxes = [tax_on(each, which, currency, terms) for each in nets]
        return Total(which, base, sum(nets, NOUGHT), sum(taxes, NOUGHT))
    net = rounded(base, currency, terms.rounding)
    return Total(which, base, net, tax_on(net, which, currency, terms))


def tax_on(net, which, currency, terms):
    return rounded(net * which.rate / 100, currency, terms.rounding)


def shares_of(bases, total, currency, terms):
    if terms.rounded == "LINE":
        nets = [rounded(each, currency, terms.rounding) for each in bases]
        return nets, [tax_on(net, total.vat, currency, terms) for net in nets]
    cents, rate = 10 ** places_of(currency), micro(total.vat.rate)
    return (
        [amount_of(whole, currency) for whole in apportion(units(sum_, currency), parts, one).values()]
        for sum_, parts, one in (
            (total.net, numbered(bases, cents), MICRO),
            (total.tax, numbered(bases, cents * rate), MICRO * MICRO * 100),
        )
    )


def numbered(bases, times):
    return {place: micro(each) * times for place, each in enumerate(bases)}
