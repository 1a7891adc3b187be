"""The commands of the service, one module each; `service.cli` finds them by entry point."""
