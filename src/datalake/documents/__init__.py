"""Configuration files read as text with places, and the declarations that turn them into values.

text      bytes -> nodes        overlay   local changes over shipped nodes        nodes     what a file consists of
forms     what a file may say   kinds     single values: numbers, days, times     secrets   NAME=value files
"""
