"""Shadow against legacy on the same payments: pure statistics, no input or output.

`paired` is what everything is computed on, one row a scored payment. `figures` are point
estimates, `intervals` and `sequential` say how sure they are, `censoring` which truth may be
believed, `matching` where thresholds come from, `gate` what follows.
"""
