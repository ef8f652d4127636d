"""Dynamic prices: curves of a market that become versions of a tariff."""
