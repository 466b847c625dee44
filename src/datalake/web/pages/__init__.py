"""The pages. Each reads, has the figures made, and renders one template."""
