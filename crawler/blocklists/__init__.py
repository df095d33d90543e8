"""Pictures that must not be kept: hash lists, and the restricted queue of what was met of them."""
