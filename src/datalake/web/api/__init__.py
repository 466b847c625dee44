"""The REST API under /api/v1. What it answers, its CSV twins and its OpenAPI document come from one table of fields."""
