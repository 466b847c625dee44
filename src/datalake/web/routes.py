"""All that the dashboard answers to."""

from flask import Flask

from datalake.web import machines
from datalake.web.api import routes as api
from datalake.web.blueprint import blueprint
from datalake.web.pages import alerts, data, feeds, overview, rejects, runs, status

PAGES = (
    overview,
    runs,
    feeds,
    data,
    alerts,
    rejects,
    status,
)  # each registers its routes on the blueprint when imported
NAVIGATION = (
    ("overview", "Overview"),
    ("runs", "Runs"),
    ("feeds", "Feeds"),
    ("all_views", "Views"),
    ("all_data", "Data"),
    ("rejects", "Rejects"),
    ("alerts", "Alerts"),
    ("status", "Status"),
    ("about", "About"),
)


def register(app: Flask) -> None:
    """Add every page, and the navigation between them."""
    app.register_blueprint(blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(machines.blueprint)
    app.context_processor(lambda: {"navigation": NAVIGATION})
