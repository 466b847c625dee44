"""The one blueprint that every page is registered on."""

from flask import Blueprint

blueprint = Blueprint("pages", __name__)
