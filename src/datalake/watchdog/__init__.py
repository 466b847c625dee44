"""The 6 AM check: was last night good? Quiet when it was, else somebody is told."""
