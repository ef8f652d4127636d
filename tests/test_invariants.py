"""What must hold of money, prices and operation, and which tests hold it. This table is the way into them.

Every test of it runs on SQLite and PostgreSQL where a database is concerned. Those of clearing and closing
were each seen to fail when what they guard was broken on purpose: whoever adds one does that too.
"""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
QUARTER = "closing/test_three_months.py::test_three_months_come_to_the_same_whoever_is_killed"
ANY = "closing/test_any_history.py::test_the_books_are_true_whatever_is_done"

INVARIANTS: Mapping[str, tuple[str, ...]] = {
    # Money
    "I1 every posting sums to nought in every currency": (
        "closing/test_ledger.py::test_what_does_not_sum_to_nought_is_refused",
        "closing/truths.py::ledger_is_in_balance",
        ANY,
    ),
    "I2 lines make up totals, totals the document; VAT of each rate once, on its sum": (
        "closing/test_lines.py::test_lines_make_up_totals_and_totals_the_sums",
        "closing/truths.py::statements_add_up",
        ANY,
    ),
    "I3 what is shared out makes up the whole, each share within a unit, in whatever order": (
        "closing/test_ledger.py::test_shares_make_up_the_whole_and_are_within_a_unit",
        "closing/test_ledger.py::test_shares_do_not_depend_on_the_order",
        "closing/test_lines.py::test_what_was_rounded_is_shared_out_near_to_what_is_exact",
    ),
    "I4 a credit and what it credits make nought: net, each tax, gross, energy": (
        "clearing/test_crediting.py::test_a_credit_and_what_it_credits_make_nought",
        "closing/test_lines.py::test_a_credit_and_what_it_credits_make_nought",
        "closing/truths.py::credits_are_the_opposite",
        ANY,
    ),
    "I5 a CDR stands on at most one statement": (
        "closing/test_lifecycle.py::test_what_was_contested_in_vain_is_on_the_next_statement",
        "closing/truths.py::nothing_is_stated_twice",
        QUARTER,
    ),
    "I6 what eMSPs owe is what CPOs get and the hub's fee": (
        "closing/test_lines.py::test_lines_make_up_totals_and_totals_the_sums",
        "closing/truths.py::statements_add_up",
        ANY,
    ),
    "I7 exports, database and ledger have the same sums": (
        "closing/test_exports.py::test_sums_of_the_export_are_those_of_the_database",
        "closing/test_exports.py::test_the_journal_sums_up_to_the_ledger",
        "closing/test_three_months.py::sums_agree",
        QUARTER,
    ),
    "I8 what was closed never changes": (
        "closing/test_periods.py::test_the_database_refuses_to_change_what_was_closed",
        "closing/truths.py::frozen",
        ANY,
    ),
    "I9 credits of a CDR are together never more than it": (
        "clearing/test_disputes.py::test_parts_are_never_more_than_the_whole",
        "clearing/test_disputes.py::test_parts_of_a_cost_make_up_the_cost_and_no_tax_more_than_its_own",
        "closing/truths.py::what_is_taken_back_is_no_more_than_the_whole",
        ANY,
    ),
    "I10 no float comes near an amount": (
        "test_no_floats.py::test_no_float_stands_where_amounts_are_reckoned",
        "test_no_floats.py::test_no_float_comes_from_json",
        "test_no_floats.py::test_no_table_takes_a_float_or_half_a_millionth",
        "closing/truths.py::amounts_are_whole_numbers",
    ),
    # Operation
    "O1 the same CDR many times at once is one CDR, at one place": (
        "clearing/test_the_same_cdr.py::test_thirty_two_posts_of_a_cdr_at_once_are_one_cdr",
    ),
    "O2 who dies between two steps leaves nothing, and the next try comes to the same": (
        QUARTER,
        "closing/test_periods.py::test_a_fault_at_any_step_leaves_nothing_and_the_next_close_is_whole",
        "closing/test_lifecycle.py::test_a_fault_while_contesting_leaves_the_statement_as_it_was",
        "closing/test_periods.py::test_two_closes_at_once_are_one_close",
    ),
    "O3 numbers have no gap, whoever takes them at once": (
        "closing/test_lifecycle.py::test_numbers_have_no_gap_whoever_approves_at_once",
        "closing/truths.py::numbers_have_no_gap",
        QUARTER,
    ),
    "O4 the same history makes the same checksums, and they are found again by computing it": (
        QUARTER,
        "closing/test_lifecycle.py::test_a_figure_that_somebody_changed_is_named",
        ANY,
    ),
    "O5 at every instant a tariff has one version, or none": (
        "prices/test_pricebook.py::test_at_every_instant_at_most_one_version_holds_and_what_was_pinned_stays",
    ),
    "O6 of any rules one wins, and it is always the same": (
        "prices/test_resolving.py::test_the_index_finds_what_looking_at_all_rules_finds_and_it_is_only_one",
    ),
    "O7 only listed ways are gone, and nothing that is held is on a statement": (
        "clearing/test_states.py::test_only_listed_ways_are_gone",
        "closing/test_lifecycle.py::test_only_the_listed_steps_can_be_taken",
        "closing/truths.py::only_listed_ways_were_gone",
        "closing/truths.py::nothing_is_stated_twice",
        ANY,
    ),
    "O8 what comes late changes nothing that is closed": (
        "closing/test_periods.py::test_what_comes_late_is_on_the_next_statement_with_its_month",
        QUARTER,
        ANY,
    ),
    "O9 the same CDR has the same codes": (
        "clearing/test_checks.py::test_the_same_case_has_the_same_codes",
        "clearing/test_checks_are_pure.py::test_the_same_cdr_has_the_same_codes_whatever_was_checked_before",
        "clearing/test_checks_are_pure.py::test_what_is_cleared_together_has_the_codes_it_has_alone",
    ),
    "O10 no partner learns what another pays": (
        "prices/test_secrecy.py::test_no_list_names_it_whatever_the_query",
        "prices/test_secrecy.py::test_a_user_of_the_other_emsp_finds_it_nowhere_in_the_operators_api",
        "prices/test_showing_readers.py::test_lists_hold_and_count_what_a_party_may_read",
        "clearing/test_hostile_cdrs.py::test_what_is_usual_at_an_evse_is_what_the_same_emsp_pays",
    ),
    # Prices
    "P1 preview, bill and repricing are the same figures": (
        "billing/test_same_figures.py::test_preview_bill_what_if_and_verification_are_the_same_figures",
        "tariffs/test_preview.py::test_a_preview_is_what_is_billed",
        "tariffs/test_what_if.py::test_repricing_is_billing",
    ),
    "P2 a period that is cut in two costs the same": (
        "tariffs/test_properties.py::test_cutting_segments_in_two_changes_nothing",
    ),
    "P3 more never costs less": (
        "tariffs/test_properties.py::test_more_energy_never_costs_less_and_nothing_costs_less_than_nothing",
    ),
    "P4 a total is between its limits": ("tariffs/test_properties.py::test_the_total_is_between_its_limits",),
    "P5 a step adds less than one step": ("tariffs/test_properties.py::test_a_step_adds_less_than_one_step",),
    "P6 the order of periods does not matter": (
        "tariffs/test_properties.py::test_the_order_in_which_periods_are_listed_does_not_matter",
    ),
    "P7 days of 23 and 25 hours bill as many": (
        "tariffs/test_properties.py::test_a_local_sunday_bills_the_hours_it_has",
    ),
    "P8 what it costs is the same in every edition": (
        "ocpi/test_amounts_between_editions.py::test_amounts_survive_all_ways_up_and_down",
        "ocpi/test_amounts_between_editions.py::test_what_a_cdr_costs_by_its_own_tariff_does_too",
        "tariffs/test_edge_mutations.py::test_the_same_tariff_in_the_words_of_2_2_1_costs_the_same_before_taxes",
    ),
    "P9 prices times k cost k times as much": (
        "tariffs/test_properties.py::test_prices_times_k_cost_k_times_as_much",
    ),
    "P10 a free tariff costs nothing and bears no tax": (
        "tariffs/test_edge_mutations.py::test_a_free_tariff_costs_nothing_and_bears_no_tax",
        "tariffs/test_pricing.py::test_a_free_session_is_free_of_taxes_too",
    ),
    "P11 prices with tax come to exactly what is displayed": (
        "tariffs/test_properties.py::test_prices_with_tax_come_to_exactly_what_is_displayed",
    ),
}


@cache
def functions(file: str) -> frozenset[str]:
    body = ast.parse((TESTS / file).read_bytes()).body
    return frozenset(each.name for each in body if isinstance(each, ast.FunctionDef))


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_what_holds_an_invariant_is_there(invariant: str) -> None:
    named = [where.split("::") for where in INVARIANTS[invariant]]
    assert [(file, name) for file, name in named if name not in functions(file)] == []


def test_none_is_left_out() -> None:
    wanted = (
        [f"I{n}" for n in range(1, 11)] + [f"O{n}" for n in range(1, 11)] + [f"P{n}" for n in range(1, 12)]
    )
    assert [each.split()[0] for each in INVARIANTS] == wanted
