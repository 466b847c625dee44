"""Research Data Lake: the package that the scripts in src/ and manage.py are thin doors to."""

import os
import sys

# Arrow's usual pool keeps a fifth to a third more memory than it uses (docs/performance.md), and it is chosen before
# anything of ours is run. Builds for other systems may be without jemalloc, and would say so at every start.
if sys.platform == "linux" and os.uname().machine == "x86_64":
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")

__version__ = "0.1.0"
