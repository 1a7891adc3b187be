"""The paths of the API, a module for each thing they are about."""
