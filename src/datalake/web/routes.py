"""All that the dashboard answers to."""

from flask import Flask

from datalake.web import machines
from datalake.web.api import routes as api
from datalake.web.blueprint import blueprint
from datalake.web.pages import alerts, changes, data, feeds, overview, record, rejects, reports, runs, status

# Each registers its routes on the blueprint when it is imported.
PAGES = (overview, runs, feeds, changes, data, record, alerts, rejects, reports, status)
NAVIGATION = (
    ("overview", "Overview"),
    ("runs", "Runs"),
    ("feeds", "Feeds"),
    ("all_views", "Views"),
    ("all_data", "Data"),
    ("record", "Record"),
    ("rejects", "Rejects"),
    ("alerts", "Alerts"),
    ("reports", "Reports"),
    ("status", "Status"),
    ("about", "About"),
)


def register(app: Flask) -> None:
    """Add every page, and the navigation between them."""
    app.register_blueprint(blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(machines.blueprint)
    app.context_processor(lambda: {"navigation": NAVIGATION})
