"""Configuration files read as text with places, and the declarations that turn them into values.

nodes   what a file consists of        forms    what a file may say, key by key
text    bytes -> nodes                 kinds    single values: numbers, days, times
overlay local changes over shipped     secrets  NAME=value files
files   the edge: reads them
"""
