"""Numbers that look drawn by chance and are a pure function of (seed, realm, word, record, night).

No state: any record of any night can be made alone, in any order and block size, and comes out the same. That is
what lets a file of gigabytes be written as it is made.
"""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]
Flags = NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)  # constants of SplitMix64 (Steele, Lea, Flood 2014)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Draws:
    """Draws for one realm (a feed, or what feeds share) of one seed."""

    def __init__(self, seed: int, realm: str) -> None:
        self.seed = seed
        self.realm = realm

    def bits(self, word: str, records: Ints, night: int = 0) -> Bits:
        """Given what is drawn and for which records, return 64 random bits for each."""
        salt = np.uint64(_salt(f"{self.seed}|{self.realm}|{word}|{night}"))
        mixed = records.astype(np.uint64) * _STEP + salt
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
        return mixed ^ (mixed >> np.uint64(31))

    def below(self, word: str, records: Ints, count: int, night: int = 0) -> Ints:
        """Return for each record a whole number from 0 to count - 1."""
        high = self.bits(word, records, night) >> np.uint64(32)
        return ((high * np.uint64(count)) >> np.uint64(32)).astype(np.int64)

    def share(self, word: str, records: Ints, night: int = 0) -> NDArray[np.float64]:
        """Return for each record a number from 0 up to 1."""
        return (self.bits(word, records, night) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, word: str, records: Ints, rate: float, night: int = 0) -> Flags:
        """Return for each record whether something of that rate happens to it."""
        return self.share(word, records, night) < rate


@lru_cache(maxsize=65536)
def _salt(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
