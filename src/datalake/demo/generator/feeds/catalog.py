"""All feeds by name."""

from datalake.demo.generator.feeds.agreements import AGREEMENTS
from datalake.demo.generator.feeds.coi import COI
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.feeds.grants import GRANTS
from datalake.demo.generator.feeds.grants_proposal import GRANTS_PROPOSAL
from datalake.demo.generator.feeds.iacuc import IACUC
from datalake.demo.generator.feeds.irb import IRB
from datalake.demo.generator.feeds.irb_submission import IRB_SUBMISSION
from datalake.demo.generator.feeds.safety import SAFETY

_ALL = (IRB, IRB_SUBMISSION, GRANTS, GRANTS_PROPOSAL, AGREEMENTS, COI, IACUC, SAFETY)
FEEDS: dict[str, Feed] = {each.name: each for each in _ALL}
