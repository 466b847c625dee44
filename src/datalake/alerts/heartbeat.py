"""The edge to an outside dead-man's switch: a call while all is well, for whoever notices when the calls stop.

It is withheld while messages are stuck and never delays or fails anything: one try, a few seconds, its answer a line
in the log without the address, which is a secret.
"""

import logging
import time

from datalake.alerts.slack import said_of

LONGEST = 3.0  # seconds for one call

logger = logging.getLogger(__name__)


def beat(url: str, name: str, seconds: float) -> bool:
    """Call the address, if there is one; return whether it answered with 2xx."""
    if not url or seconds <= 0:
        return False
    import requests

    until = time.monotonic() + min(seconds, LONGEST)
    try:
        with requests.get(url, timeout=until - time.monotonic(), allow_redirects=False, stream=True) as response:
            status = response.status_code
    except (requests.exceptions.RequestException, OSError, ValueError) as problem:
        logger.warning("heartbeat of the %s: %s", name, said_of(problem))
        return False
    logger.log(logging.INFO if status < 300 else logging.WARNING, "heartbeat of the %s: %s", name, status)
    return 200 <= status < 300
