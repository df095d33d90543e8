"""A browser that cannot reach the network: screenshots for evidence, and pages that need JavaScript."""
