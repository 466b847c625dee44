"""Side by side with the tools that people know, on one machine and in one run; a ratio counts only where all agree."""
