"""The staff console: the queue, one case, and every act on it.

Staff see public pages and letters, never a person's own photos, the captures of their identity check, or their
postal address.
"""
