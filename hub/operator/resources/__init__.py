"""What the API is about: one file a resource, all in one literal table."""

from hub.operator.resources import (
    agreements,
    audit,
    cdrs,
    checks,
    clearing,
    curves,
    deliveries,
    jobs,
    locations,
    me,
    memberships,
    partners,
    prices,
    quarantine,
    rules,
    schedules,
    sessions,
    tariffs,
    users,
)
from hub.operator.section import Section

SECTIONS: tuple[Section, ...] = (
    me.section,
    partners.section,
    locations.section,
    sessions.section,
    cdrs.section,
    tariffs.section,
    rules.section,
    memberships.section,
    prices.section,
    curves.section,
    clearing.section,
    checks.section,
    agreements.section,
    deliveries.section,
    schedules.section,
    quarantine.section,
    jobs.section,
    users.section,
    audit.section,
)
"""In the order in which the documentation shows them."""
