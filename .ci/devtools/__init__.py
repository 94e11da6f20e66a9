"""What `dev.py` does: an environment made from the lock, and tasks. Standard library only."""
