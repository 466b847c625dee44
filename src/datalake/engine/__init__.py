"""What drives the cleaning of whole files.

job        what is asked and answered             scan, local   the engine of one machine: two passes, streaming
sniff, encoding, header   what kind of file it is   reference   the slow engine that says what is right
"""
