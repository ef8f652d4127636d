"""Where a location of 2.1.1 lies, told by what it does say: its country and its coordinates (C2, LOC-13)."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

ISO_3166 = """
    AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW AX:ALA
    AZ:AZE BA:BIH BB:BRB BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN BO:BOL BQ:BES
    BR:BRA BS:BHS BT:BTN BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN CC:CCK CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK
    CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV CW:CUW CX:CXR CY:CYP CZ:CZE DE:DEU DJ:DJI DK:DNK DM:DMA
    DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI FK:FLK FM:FSM FO:FRO FR:FRA
    GA:GAB GB:GBR GD:GRD GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS
    GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND
    IO:IOT IQ:IRQ IR:IRN IS:ISL IT:ITA JE:JEY JM:JAM JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA
    KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO LB:LBN LC:LCA LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA
    LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL MK:MKD ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ
    MR:MRT MS:MSR MT:MLT MU:MUS MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER NF:NFK NG:NGA NI:NIC
    NL:NLD NO:NOR NP:NPL NR:NRU NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM
    PN:PCN PR:PRI PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC
    SD:SDN SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD ST:STP SV:SLV
    SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN TO:TON TR:TUR
    TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR
    VN:VNM VU:VUT WF:WLF WS:WSM XK:XKX YE:YEM YT:MYT ZA:ZAF ZM:ZMB ZW:ZWE
"""
ALPHA_3: Mapping[str, str] = dict(pair.split(":") for pair in ISO_3166.split())
"""ISO 3166-1: alpha-2 -> alpha-3."""

ISO_6709 = re.compile(r"([+-])(\d{2})(\d{2})(?:\d{2})?([+-])(\d{3})(\d{2})(?:\d{2})?")


class Zone(NamedTuple):
    """A time zone and the place it is named for, in minutes of arc."""

    name: str
    latitude: int
    longitude: int


def alpha_3(country: str) -> str:
    """The country in three letters; a code that is none of ISO's stays as it is (LOC-13)."""
    return ALPHA_3.get(country.upper(), country.upper())


def time_zone(country: str, latitude: str, longitude: str, told: str | None = None) -> str | None:
    """The zone of a country that has one; of several the one that was told, else that of the nearest city.

    None when the country is none of ISO's and nothing was told. The nearest city is a guess: locations beside
    a border of zones need a word from their operator.
    """
    zones = {zone.name: zone for zone in _zones().get(alpha_3(country), ())}
    if told in zones or not zones:
        return told
    here = Zone("", round(float(latitude) * 60), round(float(longitude) * 60))
    return min(zones.values(), key=lambda zone: _distance(zone, here)).name


def _distance(one: Zone, other: Zone) -> int:
    """Good enough to tell the cities of one country apart; a degree of longitude counts half."""
    return 4 * (one.latitude - other.latitude) ** 2 + (one.longitude - other.longitude) ** 2


@cache
def _zones() -> Mapping[str, tuple[Zone, ...]]:
    """Alpha-3 -> its zones, from the table that comes with the time zone data."""
    zones: dict[str, tuple[Zone, ...]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            country, place, name = line.split("\t")[:3]
            zones[alpha_3(country)] = (*zones.get(alpha_3(country), ()), Zone(name, *_arc(place)))
    return zones


def _arc(place: str) -> tuple[int, int]:
    """+4230+00131 or +404251-0740023, in minutes."""
    found = ISO_6709.fullmatch(place)
    assert found is not None, place
    north, degrees, minutes, east, more_degrees, more_minutes = found.groups()
    latitude = int(f"{north}1") * (60 * int(degrees) + int(minutes))
    return latitude, int(f"{east}1") * (60 * int(more_degrees) + int(more_minutes))
