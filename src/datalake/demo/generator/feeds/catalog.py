"""All feeds by name."""

from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.feeds.grants import GRANTS
from datalake.demo.generator.feeds.irb import IRB

FEEDS: dict[str, Feed] = {each.name: each for each in (IRB, GRANTS)}
