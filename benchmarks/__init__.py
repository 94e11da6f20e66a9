"""Every claim about speed, measured against a floor or a peer in the same run."""
