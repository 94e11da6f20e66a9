"""From a command to events: what may happen now, and what it is called.

Every ``decide_*`` is a total function of the state, the command and the instant. It returns the
events to append, in one batch, or raises and nothing happens. None of them reads a clock or a store.
"""
