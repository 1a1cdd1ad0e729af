"""Settings of the tests in this folder."""

from hypothesis import settings

# An example is judged by what it shows, not by how long a busy machine takes for it.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
