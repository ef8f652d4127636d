"""The values that OCPI's enums may take, and where the older editions know fewer."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Enum:
    """A closed list of words, or an open one that partners may extend (TR-78) by words of `most` signs."""

    name: str
    values: frozenset[str]
    open: bool = False
    most: int = 255


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def closed(name: str, values: str) -> Enum:
    return Enum(name, words(values))


def opened(name: str, values: str, most: int = 255) -> Enum:
    return Enum(name, words(values), open=True, most=most)


# Locations
CAPABILITY: Final = opened(
    "Capability",
    """CHARGING_PROFILE_CAPABLE CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT CONTACTLESS_CARD_SUPPORT
    CREDIT_CARD_PAYABLE DEBIT_CARD_PAYABLE PED_TERMINAL REMOTE_START_STOP_CAPABLE RESERVABLE RFID_READER
    START_SESSION_CONNECTOR_REQUIRED TOKEN_GROUP_CAPABLE UNLOCK_CAPABLE""",
)
CONNECTOR_CAPABILITY: Final = opened(
    "ConnectorCapability", "ISO_15118_2_PLUG_AND_CHARGE ISO_15118_20_PLUG_AND_CHARGE"
)
CONNECTOR_FORMAT: Final = closed("ConnectorFormat", "SOCKET CABLE")
CONNECTOR_TYPE_2_1_1: Final = closed(
    "ConnectorType",
    """CHADEMO DOMESTIC_A DOMESTIC_B DOMESTIC_C DOMESTIC_D DOMESTIC_E DOMESTIC_F DOMESTIC_G DOMESTIC_H
    DOMESTIC_I DOMESTIC_J DOMESTIC_K DOMESTIC_L IEC_60309_2_single_16 IEC_60309_2_three_16
    IEC_60309_2_three_32 IEC_60309_2_three_64 IEC_62196_T1 IEC_62196_T1_COMBO IEC_62196_T2
    IEC_62196_T2_COMBO IEC_62196_T3A IEC_62196_T3C TESLA_R TESLA_S""",
)
CONNECTOR_TYPE_2_2_1: Final = Enum(
    "ConnectorType",
    CONNECTOR_TYPE_2_1_1.values
    | words(
        """CHAOJI DOMESTIC_M DOMESTIC_N DOMESTIC_O GBT_AC GBT_DC NEMA_5_20 NEMA_6_30 NEMA_6_50 NEMA_10_30
        NEMA_10_50 NEMA_14_30 NEMA_14_50 PANTOGRAPH_BOTTOM_UP PANTOGRAPH_TOP_DOWN"""
    ),
)
CONNECTOR_TYPE: Final = Enum(
    "ConnectorType", CONNECTOR_TYPE_2_2_1.values | frozenset({"MCS", "SAE_J3400"}), open=True
)
ENERGY_SOURCE_CATEGORY: Final = closed(
    "EnergySourceCategory", "NUCLEAR GENERAL_FOSSIL COAL GAS GENERAL_GREEN SOLAR WIND WATER"
)
ENVIRONMENTAL_IMPACT_CATEGORY: Final = opened("EnvironmentalImpactCategory", "NUCLEAR_WASTE CARBON_DIOXIDE")
EVSE_POSITION: Final = closed("EVSEPosition", "LEFT RIGHT CENTER")
FACILITY_2_1_1: Final = closed(
    "Facility",
    """HOTEL RESTAURANT CAFE MALL SUPERMARKET SPORT RECREATION_AREA NATURE MUSEUM BUS_STOP TAXI_STAND
    TRAIN_STATION AIRPORT CARPOOL_PARKING FUEL_STATION WIFI""",
)
FACILITY: Final = Enum(
    "Facility",
    FACILITY_2_1_1.values | frozenset({"BIKE_SHARING", "TRAM_STOP", "METRO_STATION", "PARKING_LOT"}),
    open=True,
)
IMAGE_CATEGORY: Final = opened("ImageCategory", "CHARGER ENTRANCE LOCATION NETWORK OPERATOR OTHER OWNER")
LOCATION_TYPE_2_1_1: Final = closed(
    "LocationType", "ON_STREET PARKING_GARAGE UNDERGROUND_GARAGE PARKING_LOT OTHER UNKNOWN"
)
PARKING_DIRECTION: Final = closed("ParkingDirection", "PARALLEL PERPENDICULAR ANGLE")
PARKING_RESTRICTION: Final = opened(
    "ParkingRestriction", "CUSTOMERS DISABLED EMPLOYEES EV_ONLY MOTORCYCLES PLUGGED TAXIS TENANTS"
)
PARKING_TYPE: Final = opened(
    "ParkingType", "ALONG_MOTORWAY PARKING_GARAGE PARKING_LOT ON_DRIVEWAY ON_STREET UNDERGROUND_GARAGE"
)
POWER_TYPE: Final = closed("PowerType", "AC_1_PHASE AC_2_PHASE AC_2_PHASE_SPLIT AC_3_PHASE DC")
STATUS: Final = closed(
    "Status", "AVAILABLE BLOCKED CHARGING INOPERATIVE OUTOFORDER PLANNED REMOVED RESERVED UNKNOWN"
)
VEHICLE_TYPE: Final = opened(
    "VehicleType",
    """MOTORCYCLE PERSONAL_VEHICLE PERSONAL_VEHICLE_WITH_TRAILER VAN SEMI_TRACTOR RIGID TRUCK_WITH_TRAILER
    BUS DISABLED""",
)

# Tariffs
DAY_OF_WEEK: Final = closed("DayOfWeek", "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY")
RESERVATION_RESTRICTION: Final = closed("ReservationRestrictionType", "RESERVATION RESERVATION_EXPIRES")
TARIFF_DIMENSION: Final = closed("TariffDimensionType", "ENERGY FLAT PARKING_TIME TIME")
TARIFF_TYPE: Final = closed("TariffType", "AD_HOC_PAYMENT PROFILE_CHEAP PROFILE_FAST PROFILE_GREEN REGULAR")
TAX_INCLUDED: Final = closed("TaxIncluded", "YES NO N/A")

# Sessions and CDRs
AUTH_METHOD: Final = closed("AuthMethod", "AUTH_REQUEST COMMAND WHITELIST")
CDR_DIMENSION: Final = closed(
    "CdrDimensionType",
    """CURRENT ENERGY ENERGY_EXPORT ENERGY_IMPORT MAX_CURRENT MIN_CURRENT MAX_POWER MIN_POWER PARKING_TIME
    POWER RESERVATION_TIME STATE_OF_CHARGE TIME""",
)
PROFILE_TYPE: Final = closed("ProfileType", "CHEAP FAST GREEN REGULAR")
SESSION_STATUS: Final = closed("SessionStatus", "ACTIVE COMPLETED INVALID PENDING RESERVATION")

# Tokens
ALLOWED: Final = closed("AllowedType", "ALLOWED BLOCKED EXPIRED NO_CREDIT NOT_ALLOWED")
TOKEN_TYPE: Final = opened(
    "TokenType",
    "AD_HOC_USER APP_USER EMAID OTHER RFID",
    most=36,  # it is part of a token's key
)
WHITELIST: Final = closed("WhitelistType", "ALWAYS ALLOWED ALLOWED_OFFLINE NEVER")

# Connections. A partner may list versions and modules that we never heard of: they are skipped, in every
# edition (VER-06, VER-07, VER-12). HUB is a word of 2.2.1 and PTP of the payments branch, but neither is
# a reason to refuse a registration (CRED-04, PAY-13).
INTERFACE_ROLE: Final = closed("InterfaceRole", "SENDER RECEIVER")
MODULE_ID: Final = opened(
    "ModuleID",
    """cdrs chargingprofiles commands credentials hubclientinfo invoicereconciliation locations sessions
    tariffs tokens""",
)
ROLE: Final = closed("Role", "CPO EMSP HUB NAP NSP OTHER PTP SCSP")
VERSION_NUMBER: Final = opened("VersionNumber", "2.0 2.1 2.1.1 2.2 2.2.1 2.3.0")

ALWAYS_OPEN: Final = frozenset({MODULE_ID.name, VERSION_NUMBER.name})
"""Enums that stay open in editions that have no open enums."""

IN_2_2_1: Final = (
    CONNECTOR_TYPE_2_2_1,
    Enum(FACILITY.name, FACILITY.values),
    closed(PARKING_RESTRICTION.name, "EV_ONLY PLUGGED DISABLED CUSTOMERS MOTORCYCLES"),
    closed(TOKEN_TYPE.name, "AD_HOC_USER APP_USER OTHER RFID"),
)
"""What 2.2.1 says otherwise than 2.3.0, apart from closing what 2.3.0 opened."""

IN_2_1_1: Final = (
    closed(
        CAPABILITY.name,
        """CHARGING_PROFILE_CAPABLE CREDIT_CARD_PAYABLE REMOTE_START_STOP_CAPABLE RESERVABLE RFID_READER
        UNLOCK_CAPABLE""",
    ),
    CONNECTOR_TYPE_2_1_1,
    FACILITY_2_1_1,
    closed(POWER_TYPE.name, "AC_1_PHASE AC_3_PHASE DC"),
    closed(AUTH_METHOD.name, "AUTH_REQUEST WHITELIST"),
    closed(CDR_DIMENSION.name, "ENERGY FLAT MAX_CURRENT MIN_CURRENT PARKING_TIME TIME"),
    closed(SESSION_STATUS.name, "ACTIVE COMPLETED INVALID PENDING"),
    closed(TOKEN_TYPE.name, "OTHER RFID"),
)
"""What 2.1.1 says otherwise than 2.2.1."""

CURRENCIES: Final = words(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF
    XPF YER ZAR ZMW ZWG ZWL"""
)
"""ISO 4217 codes of money in use, and of the few withdrawn while OCPI was (ANG BGN CUC HRK SLL ZWL)."""
