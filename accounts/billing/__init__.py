"""Plans and money."""
