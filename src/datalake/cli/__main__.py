"""`python -m datalake.cli`: what manage.py becomes once the environment is there."""

import sys

from datalake.cli.main import main

sys.exit(main(sys.argv[1:]))
