"""What the API is about: one file a resource, all in one literal table."""

from hub.operator.resources import me
from hub.operator.section import Section

SECTIONS: tuple[Section, ...] = (me.section,)
"""In the order in which the documentation shows them."""
