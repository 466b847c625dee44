"""Research Data Lake: the package that the scripts in src/ and manage.py are thin doors to."""

__version__ = "0.1.0"
