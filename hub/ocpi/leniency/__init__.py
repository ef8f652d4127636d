"""What an operator may let pass of a partner that writes OCPI imperfectly, mend by mend, and why it is safe.

A mend changes form, never meaning: it is sure what was meant, or it leaves the fault for the strict check to
refuse. What it changed is noted, so that the operator can tell the partner. What must stay out:

- several objects in a list that should be one (are they `and` or `or`?), and times of day within a minute
- a tariff without currency or price, an unknown word of a closed enum, times in an unnamed zone
- whether prices bear taxes, unless the operator has it from the contract (`prices_without_taxes`)
- ids of tokens and postal codes as numbers: the zeros before them are lost, and with them the identity
- two EVSEs or connectors of one id that say different things: which one is right?
- the voltage between phases where OCPI wants it to neutral: 400 may be right, and nothing in the object tells
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.ocpi.document import Json, Party
from hub.ocpi.leniency import forms, objects
from hub.ocpi.leniency.walking import Arrival, Function, Notes, everywhere, fields


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing that may be let pass.

    help  what it does and why that is safe, for the operator who allows it
    """

    help: str
    function: Function


def mend(
    names: Iterable[str], name: str, body: Json, *, owner: Party | None = None, now: int | None = None
) -> tuple[Json, Notes]:
    """The object after the mends of these names, in the order of `MENDS`, and what each of them did.

    name   what the object is: "locations", "evses", "tariffs" ...
    owner  whose object it is, where that is known
    now    when it came; a mend that needs what is not known rests
    """
    wanted, arrival = set(names), Arrival(name, owner, now)
    notes: Notes = {}
    for each, known in MENDS.items():
        if each in wanted:
            body, said = known.function(body, arrival)
            notes |= {
                path: f"{notes[path]}; {what}" if path in notes else what for path, what in said.items()
            }
    return body, notes


UNDATED_LISTS = "sessions_without_date_from"
"""The one that is about requests, not objects (TR-32)."""

MENDS: Mapping[str, Mend] = {
    "restrictions_as_list": Mend(
        "A tariff element's `restrictions` is a list: with one object, it is that object; empty, there "
        "are none. Several are refused, because nothing says whether all must hold or any.",
        fields("restrictions", forms.one_of_list),
    ),
    "times_with_seconds": Mend(
        "Times of day with seconds: 08:00:00 is 08:00. An end of 19:59:59 is 20:00: OCPI's end is "
        "exclusive and in whole minutes, who writes the last second means the window up to the full "
        "minute, and 19:59 would leave a minute without a price. 24:00 and 23:59:59 are 00:00, the end "
        "of the day. Other seconds are refused.",
        everywhere(forms.window),
    ),
    "empty_texts": Mend(
        "An empty text in an optional field is no text: an empty URL or physical reference tells "
        "nothing. In required fields it is left to the check.",
        fields(forms.OPTIONAL_TEXTS, forms.filled),
    ),
    "language_codes": Mend(
        "Language codes in capitals or with a country (DE, de-AT) become the two letters of ISO 639-1 (de).",
        fields("language", forms.lower_language),
    ),
    "line_breaks": Mend(
        "Line ends and tabs in texts for people become blanks: OCPI's strings are of one line, and only "
        "the layout is lost. Ids, URLs and signed data are not touched.",
        fields(" ".join(forms.PROSE), forms.one_line),
    ),
    "long_texts": Mend(
        "Names, addresses, directions and remarks that are too long are cut, with an ellipsis. Nothing "
        "is identified or priced by them. Ids, codes and URLs are never cut: half an id is another id.",
        everywhere(forms.short),
    ),
    "numeric_ids": Mend(
        "Ids that are whole numbers become texts of the same digits. Not of tokens, nor postal codes: "
        "they may have lost zeros before them, and would be another token or place.",
        forms.numeric_ids,
    ),
    "quoted_numbers": Mend(
        'Amounts, prices and limits in quotes ("0.35") become numbers, exactly. A comma or a unit is '
        "refused.",
        fields(forms.AMOUNTS, forms.unquoted),
    ),
    "offset_times": Mend(
        "Moments with an offset (+00:00, +02:00), a blank for T, a small z or more digits than fit "
        "become UTC with milliseconds: an offset leaves no doubt which moment is meant.",
        fields(forms.MOMENTS, forms.in_utc),
    ),
    "coordinates": Mend(
        "Coordinates as numbers, or with fewer than five or more than seven decimals, are padded or "
        "rounded to what OCPI takes: seven decimals are a centimetre.",
        fields("latitude longitude", forms.degrees),
    ),
    "reserved_sessions": Mend(
        "The session status RESERVED, as the text of OCPI once calls it, is RESERVATION (SES-07).",
        objects.reserved,
    ),
    "owner_from_connection": Mend(
        "Objects without country_code or party_id belong to the party whose connection or URL they came "
        "by. Only for a partner that speaks for one party on it.",
        objects.owner,
    ),
    "missing_last_updated": Mend(
        "Objects without last_updated are as new as the moment they came; EVSEs and connectors as what "
        "they are part of. The price: each time they are sent they look changed, and late news is not "
        "told from new.",
        objects.last_updated,
    ),
    "prices_without_taxes": Mend(
        "Tariffs of 2.3.0 without tax_included have prices without taxes. Allow this only if the "
        "contract with the partner says so: OCPI has no default, and a guess is wrong by the whole tax.",
        objects.tax_included("NO"),
    ),
    "prices_with_taxes": Mend(
        "Tariffs of 2.3.0 without tax_included have prices with taxes. Allow this only if the contract "
        "with the partner says so. It rests where `prices_without_taxes` is allowed too.",
        objects.tax_included("YES"),
    ),
    "exact_duplicates": Mend(
        "EVSEs, connectors, periods and other entries of a list that are there twice word for word count"
        " once; a repeated charging period would double its energy. Entries of one id that differ are "
        "left as they are.",
        everywhere(objects.once),
    ),
    "tariffs_in_evses": Mend(
        "Connectors without tariff_ids get the ids of the tariffs that stand in their EVSE. The tariffs "
        "themselves are not taken from there: the tariffs module must bring them, with owner and time.",
        objects.evse_tariffs,
    ),
    "energy_in_wh": Mend(
        "ENERGY volumes that add up to a thousand times the total are Wh, and become kWh (SES-14). Where"
        " the total does not prove it, nothing is changed.",
        objects.kilowatt_hours,
    ),
    UNDATED_LISTS: Mend(
        "Lists of sessions may be asked for without date_from, which OCPI requires: all that the partner "
        "may see are listed, page by page. The price: who forgets it by mistake pulls everything each time.",
        objects.untouched,
    ),
}
