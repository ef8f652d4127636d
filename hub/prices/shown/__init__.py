"""What each partner sees of prices: who may read a tariff, and objects as they are shown to one party."""
