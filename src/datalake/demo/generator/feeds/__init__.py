"""The feeds that the generator knows, one module each."""
