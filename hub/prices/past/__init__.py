"""Past CDRs, packed, and what they would have cost."""
