"""What bytes from the web mean: pages, style sheets, feeds, archives. Pure; nothing here fetches, stores or raises."""
