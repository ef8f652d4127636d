"""Assignment rules: which tariff holds for whom and where, and what comes off its price."""
