"""PURE. The OpenAPI 3.1 document, made from the table of resources."""

import re
from collections.abc import Sequence
from typing import Any

from datalake.web.api import asked
from datalake.web.api.asked import Parameter
from datalake.web.api.fields import Field
from datalake.web.api.resources import Resource

VERSION = "1.0.0"


def document(resources: Sequence[Resource]) -> dict[str, Any]:
    """Given the resources, return the document that describes them."""
    paths: dict[str, Any] = {}
    for resource in resources:
        paths[resource.path] = {"get": _operation(resource, csv=False)}
        if not resource.one:
            paths[f"{resource.path}.csv"] = {"get": _operation(resource, csv=True)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Research Data Lake", "version": VERSION, "description": "Read-only."},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM}},
    }


def _operation(resource: Resource, csv: bool) -> dict[str, Any]:
    parameters = [*resource.parameters, asked.RAW] if csv else resource.parameters
    good = _csv_answer() if csv else _json_answer(resource)
    return {
        "summary": f"{resource.about}{', as CSV' if csv else ''}",
        "operationId": re.sub(r"\W+", "_", resource.path).strip("_") + ("_csv" if csv else ""),
        "parameters": [*map(_in_path, re.findall(r"{(\w+)}", resource.path)), *map(_in_query, parameters)],
        "responses": {
            "200": good,
            "304": {"description": "As the ETag that was sent"},
            "400": _problem("The question cannot be meant"),
            "404": _problem("There is no such thing"),
            "503": _problem("What it stands on cannot be read"),
        },
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "in": "query", "description": parameter.about, "schema": dict(parameter.schema)}


def _json_answer(resource: Resource) -> dict[str, Any]:
    schema = _object(resource.fields) if resource.one else _envelope(resource.fields)
    return {"description": resource.about, "content": {"application/json": {"schema": schema}}}


def _csv_answer() -> dict[str, Any]:
    return {
        "description": "One line a row; text that a spreadsheet would run is made inert",
        "headers": {
            "X-Total-Rows": {"schema": {"type": "integer"}, "description": "lines below the header"},
            "Repr-Digest": {"schema": {"type": "string"}, "description": "sha-256 of the whole, RFC 9530"},
        },
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }


def _envelope(fields: Sequence[Field]) -> dict[str, Any]:
    nullable = {"type": ["string", "null"]}
    properties = {
        "data": {"type": "array", "items": _object(fields)},
        "next": {**nullable, "description": "`cursor` of the next answer; null on the last"},
        "next_url": {**nullable, "description": "its address"},
        "query": {"type": "object", "additionalProperties": {"type": "string"}, "description": "what was asked"},
        "problem": {**nullable, "description": "what of the record could not be read; null where all is well"},
    }
    return _closed(properties)


def _object(fields: Sequence[Field]) -> dict[str, Any]:
    return _closed({field.name: _schema(field) for field in fields})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(field: Field) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": [field.type, "null"] if field.null else field.type, "description": field.about}
    return {**kind, "format": field.form} if field.form else kind


def _problem(about: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": about, "content": {"application/problem+json": {"schema": schema}}}


_PROBLEM = _closed(
    {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    }
)
