"""The spider and its parts: pages, pictures, listings and style sheets on their way from response to row."""
