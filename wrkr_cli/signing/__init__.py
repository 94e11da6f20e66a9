"""What the commands that sign, and ``wrkr keys``, have in common."""
