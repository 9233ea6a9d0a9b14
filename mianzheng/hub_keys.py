"""The hub's own keys, as the command line and the supervisor open them."""

from registries.hub_keys import open_keys

__all__ = ["open_keys"]
