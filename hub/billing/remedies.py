"""What an operator can do about each reason for which a session is held."""

from collections.abc import Mapping

BY_ITSELF = "the session is then billed by itself"

REMEDIES: Mapping[str, str] = {
    "LOCATION_UNKNOWN": f"Ask the CPO to publish the location with this EVSE and connector; {BY_ITSELF}.",
    "TARIFF_NONE": "Ask the CPO to name a tariff in tariff_ids of the connector, or give one by a rule that "
    f"reaches back (`hub rule add --reach-back`); {BY_ITSELF}.",
    "TARIFF_UNKNOWN": f"Ask the CPO to publish the tariff that its connector names; {BY_ITSELF}.",
    "TARIFF_NOT_IN_FORCE": "Ask the CPO for a tariff of this type that holds at the start of the session; "
    f"{BY_ITSELF}.",
    "TARIFF_FOR_OTHERS": "Name a tariff at the connector that is for this party too, or give one by a rule "
    f"that reaches back (`hub rule add --reach-back`); {BY_ITSELF}.",
    "RULE_TARIFF_FOR_OTHERS": "The tariff of the rule is not for the party that pays. Let it read it as well "
    "(`hub tariff publish --for`) for sessions to come; of this one the CPO sends the CDR itself.",
    "RULE_TARIFF_UNKNOWN": f"Publish the tariff that the rule gives; {BY_ITSELF}.",
    "RULE_TARIFF_NOT_IN_FORCE": "The tariff of the rule did not hold when the session started. Agree "
    " with the CPO that it sends the CDR itself, and end the rule for sessions to come.",
    "TARIFF_UNPRICEABLE": f"Tell the CPO what is wrong with its tariff; when it corrects it, {BY_ITSELF}.",
    "SESSION_UNPRICEABLE": "A completed session does not change. Agree with the CPO that it sends the CDR "
    "itself; the hub takes one for a session that is held.",
    "CURRENCY_DIFFERS": f"Ask the CPO for a tariff in the currency of the session; {BY_ITSELF}. Or let it "
    "send the CDR itself.",
    "QUANTITY_NEGATIVE": "A completed session does not change. Agree with the CPO what was used, and that it "
    "sends the CDR itself.",
    "ENERGY_ZERO": "If the fee is due all the same, bill it by `hub session rate --accept ENERGY_ZERO`. If "
    "not, the CPO sets the session INVALID or sends the CDR itself.",
}
"""Code -> what to do. `hub session rate` tries a session at once."""
