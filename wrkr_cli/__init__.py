"""The face: the command line ``wrkr``, one file per command. No rules live here."""
