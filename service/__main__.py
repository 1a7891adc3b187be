"""`python -m service` is the `penumbra` command."""

from service.cli import main

main()
