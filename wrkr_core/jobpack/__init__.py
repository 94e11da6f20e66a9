"""A jobpack: one file that holds a whole job and lets a stranger check it offline."""
