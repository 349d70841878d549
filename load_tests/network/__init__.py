"""A bad network between a WebRTC peer and the server: profiles, and what lets media cross them."""

from esapr.load_tests.network.impaired import ImpairedNetwork, impaired, relays_of
from esapr.load_tests.network.profiles import PROFILES, NetworkError, Profile, profile

__all__ = [
    "PROFILES",
    "ImpairedNetwork",
    "NetworkError",
    "Profile",
    "impaired",
    "profile",
    "relays_of",
]
