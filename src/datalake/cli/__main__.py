"""`python -m datalake.cli`: what manage.py becomes once the environment is there."""

import sys

try:
    from datalake.cli.main import main
except ModuleNotFoundError as missing:
    sys.exit(f"error: venv is damaged: {missing}. Mend it: python3 manage.py setup")

sys.exit(main(sys.argv[1:]))
