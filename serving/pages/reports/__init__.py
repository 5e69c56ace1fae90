"""The pages that give account: how right the lists were, and whether they pay."""
