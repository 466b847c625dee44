"""The same night on a Dask cluster: nothing here is loaded unless settings or a feed's rules say `engine: dask`.

join      the scheduler found or started, its workers checked   spread   tasks given out, results taken in order
clean     the second pass over a file, part by part, on workers  worker   what is true of a worker, as it says itself
"""
