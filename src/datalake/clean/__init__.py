"""PURE. Text cells in, typed rows and findings out: no file, clock, network or environment.

values    one cell at a time, the rules themselves      columns   whole columns, by kernels that agree with them
rules     a contract, made ready for either             batch     a batch of rows judged
schema    the table that comes out                      masking   values that must not be read
"""
