"""HTTP as a source: the worker's own pipeline, fed by requests in place of a topic."""
