"""Long proofs: what the suite shows in short form, over many seeded cases. Run by `manage.py prove NAME`."""
