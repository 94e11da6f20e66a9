"""The commands, one file each; ``wrkr_cli.main`` knows them by name and imports the one that runs."""
